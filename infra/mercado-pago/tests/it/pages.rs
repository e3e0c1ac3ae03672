//! The pages for a person.

use anyhow::Result;

use crate::bench::Bench;

#[tokio::test]
async fn another_sites_page_pulls_no_lever() -> Result<()> {
    let bench = Bench::new().await?;
    let faults = format!("{}/_control/faults", bench.mp.url());
    let foreign = bench.client.delete(&faults).header("sec-fetch-site", "cross-site").send().await?;
    assert_eq!(foreign.status(), 403);
    let own = bench.client.delete(&faults).header("sec-fetch-site", "same-origin").send().await?;
    assert_eq!(own.status(), 204);
    Ok(())
}

#[tokio::test]
async fn pages_come_in_the_browsers_language_and_whole() -> Result<()> {
    let bench = Bench::new().await?;
    let base = bench.mp.url();
    for path in [
        "/",
        "/phone",
        "/terminal",
        "/terminal/NEWLAND_N950__N950NCB801293324",
        "/authorization?client_id=1",
        "/_control/",
        "/_control",
    ] {
        let page =
            bench.client.get(format!("{base}{path}")).header("accept-language", "pt-BR,en").send().await?;
        assert_eq!(page.status(), 200, "{path}");
        assert!(page.headers().contains_key("content-security-policy"));
        let html = page.text().await?;
        assert!(html.contains("<html lang=\"pt\">"), "{html}");
        let files = html.split('"').filter(|part| part.starts_with("/pages/"));
        for file in files {
            assert_eq!(bench.client.get(format!("{base}{file}")).send().await?.status(), 200, "{file}");
        }
    }
    assert_eq!(bench.client.get(format!("{base}/pages/secret.txt")).send().await?.status(), 404);
    Ok(())
}
