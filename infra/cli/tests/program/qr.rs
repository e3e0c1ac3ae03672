//! Sheets to print: an independent reader finds in them what Mercado Pago has.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use surtidor_tests::World;

use crate::operator::Operator;

/// What a reader of QRs finds in a picture.
fn read(file: &Path) -> Vec<String> {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(file).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let shape = reader.next_frame(&mut pixels).unwrap();
    let samples = shape.color_type.samples();
    let (width, height) = (shape.width as usize, shape.height as usize);
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[(y * width + x) * samples]);
    image.detect_grids().iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_is_the_qr_that_mercado_pago_has_and_a_dead_one_is_told() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let out = operator.path("qr");
    let print = ["qr", "--station", "6232", "--position", "3", "--as", "png", "--dpi", "150", "--out", &out];
    operator.run(&print).await.ended(0).told(&["6232-3-sticker.png", "1 QR in 1 file"]);
    let pos = operator.points().await["EST6232S03"].clone();
    let printed = read(&Path::new(&out).join("6232-3-sticker.png"));
    assert_eq!(printed, [pos["qr_code"].as_str().unwrap()]);

    // Somebody removes it in the panel, and it is made anew: what hangs is dead until the new one is printed.
    let gone = format!("/pos/{}", pos["id"]);
    assert_eq!(operator.mercado_pago(Method::DELETE, &gone, &json!({})).await.status, 204);
    operator.run(&print).await.ended(1).told(&["its POS EST6232S03 is gone", "surtidor apply"]);
    let chain = operator.chain("");
    operator.run(&["apply", &chain]).await.ended(0);
    operator.run(&["doctor"]).await.ended(3).told(&["qr_outdated", "version 1 of its QR was printed last"]);
    operator.run(&print).await.ended(0);
    operator.run(&["doctor"]).await.ended(0);
    let again = read(&Path::new(&out).join("6232-3-sticker.png"));
    assert_eq!(again, [operator.points().await["EST6232S03"]["qr_code"].as_str().unwrap()]);
    assert_ne!(again, printed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pdf_of_each_station_is_written_and_what_was_not_set_up_is_said() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let out = operator.path("qr");
    let said =
        operator.run(&["qr", "--format", "a4", "--language", "pt", "--out", &out, "--json"]).await.ended(0);
    assert_eq!(said.json()["printed"], 6);
    for name in ["6232-a4.pdf", "6233-a4.pdf"] {
        assert!(std::fs::read(Path::new(&out).join(name)).unwrap().starts_with(b"%PDF-"));
    }
    operator.run(&["qr", "--station", "9999", "--out", &out]).await.ended(1).told(&["was not set up yet"]);
    operator.run(&["qr", "--position", "77", "--out", &out]).await.ended(1).told(&["nothing to print"]);
    operator.run(&["qr", "--format", "poster"]).await.ended(2).told(&["sticker", "a4"]);
}
