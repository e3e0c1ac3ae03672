//! The QR can be scanned: an independent decoder reads the text of the API out of the image.

use anyhow::{Context, Result, anyhow};
use simulated_mercado_pago::Site;

use crate::bench::Bench;

async fn decoded(bench: &Bench) -> Result<(String, String)> {
    let (_, pos) = bench.get(&format!("/pos/{}", bench.pos)).await?;
    let url = pos["qr"]["image"].as_str().context("an image")?;
    let answer = bench.client.get(url).send().await?;
    assert_eq!(answer.headers()["content-type"], "image/png");
    let file = answer.bytes().await?;
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("a size")?];
    let info = reader.next_frame(&mut pixels)?;
    let (width, height) = (info.width as usize, info.height as usize);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let (_, text) =
        image.detect_grids().first().context("a QR")?.decode().map_err(|error| anyhow!("{error}"))?;
    Ok((text, pos["qr_code"].as_str().context("a text")?.to_owned()))
}

#[tokio::test]
async fn the_image_holds_the_text() -> Result<()> {
    let bench = Bench::new().await?;
    let (found, expected) = decoded(&bench).await?;
    assert_eq!(found, expected);
    assert!(found.starts_with("000201") && found.contains("5303032") && found.contains("5802AR"));
    assert_eq!(bench.mp.scan(&found)?.pos.to_string(), bench.pos);
    Ok(())
}

#[tokio::test]
async fn brazil_names_pix() -> Result<()> {
    let bench = Bench::at(Site::Mlb).await?;
    let (found, expected) = decoded(&bench).await?;
    assert_eq!(found, expected);
    assert!(found.contains("0014BR.GOV.BCB.PIX"), "{found}");
    assert_eq!(bench.mp.scan(&found)?.pos.to_string(), bench.pos);
    Ok(())
}

#[tokio::test]
async fn the_other_images() -> Result<()> {
    let bench = Bench::new().await?;
    let (_, points) = bench.get("/_control/pos").await?;
    for (name, media) in [("svg", "image/svg+xml"), ("png", "image/png"), ("pdf", "application/pdf")] {
        let answer = bench.client.get(points[0][name].as_str().context("a url")?).send().await?;
        assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str()?), (200, media));
    }
    let wrong = bench.client.get(format!("{}/instore/merchant/qr/{}/x.png", bench.mp.url(), bench.pos));
    assert_eq!(wrong.send().await?.status(), 404);
    Ok(())
}
