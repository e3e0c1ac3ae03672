//! What is printed can be scanned, and stays on its page.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use resvg::usvg::{Group, Node, Rect};
use time::macros::date;

use super::*;

const LANGUAGES: [Language; 3] = [Language::Es, Language::Pt, Language::En];

/// A content of the form and the greatest length that Mercado Pago gives.
fn content(number: usize) -> String {
    let start = "00020101021243650016COM.MERCADOLIBRE02013063638f1492a-1f0b-4b2b-9f0e";
    let text =
        format!("{start}{number:04}50150011301234567895204554153030325802AR5912Estación Sur6004CABA6304A1b2");
    text.chars().cycle().take(390).collect()
}

fn label(number: usize, language: Language) -> Label {
    Label {
        brand: Some("Combustibles del Sur".to_owned()),
        station_name: "Avenida Libertador".to_owned(),
        station: "6232".to_owned(),
        side: number.to_string(),
        qr: content(number),
        version: 2,
        date: date!(2026 - 11 - 25),
        external_id: format!("EST6232S{number:02}"),
        language,
    }
}

/// Everything as long as it may be, and letters that are not plain.
fn long(language: Language) -> Label {
    Label {
        brand: Some("Energías & Combustibles <del Litoral> \"São João\" Sociedad Anónima".to_owned()),
        station_name:
            "Estación de Servicio Nuestra Señora de la Asunción & Hijos, Ruta Nacional 9, km 1.234, \
                       mano a Córdoba <ex \"El Ñandú\">"
                .to_owned(),
        station: "WWWWWWWWWWWW".to_owned(),
        side: "WWWWWWWW".to_owned(),
        external_id: "ESTWWWWWWWWWWWWSWWWWWWWW".to_owned(),
        version: u32::MAX,
        ..label(3, language)
    }
}

/// A page in grey.
struct Picture {
    width: usize,
    height: usize,
    grey: Vec<u8>,
}

impl Picture {
    fn of_png(file: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("a picture");
        let grey = pixels.chunks(4).map(|pixel| pixel[0]).collect();
        Self { width: info.width as usize, height: info.height as usize, grey }
    }

    /// What an independent reader finds on each sticker; those of an A4 page are cut apart first.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "pixels of a page"
    )]
    fn codes(&self, format: Format) -> Vec<String> {
        let cut = |at: f32, whole: f32, pixels: usize| (at / whole * pixels as f32) as usize;
        let (width, height) = format.size();
        let (columns, rows) = match format {
            Format::A4 => (grid::VERTICAL.to_vec(), grid::HORIZONTAL.to_vec()),
            _ => (vec![0.0, width], vec![0.0, height]),
        };
        let columns: Vec<_> = columns.into_iter().map(|x| cut(x, width, self.width)).collect();
        let rows: Vec<_> = rows.into_iter().map(|y| cut(y, height, self.height)).collect();
        let mut found = Vec::new();
        for row in rows.windows(2) {
            for column in columns.windows(2) {
                let grey = |x, y| self.grey[(row[0] + y) * self.width + column[0] + x];
                let (width, height) = (column[1] - column[0], row[1] - row[0]);
                let mut sticker = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
                found.extend(sticker.detect_grids().iter().map(|grid| grid.decode().expect("a QR").1));
            }
        }
        found
    }
}

fn read_png(file: &[u8], format: Format) -> Vec<String> {
    Picture::of_png(file).codes(format)
}

/// The codes of each page of a PDF, drawn by another program than the one that wrote it.
fn read_pdf(file: Vec<u8>, format: Format) -> Vec<Vec<String>> {
    let pdf = Pdf::new(file).expect("a PDF");
    let cache = RenderCache::new();
    let interpreter = InterpreterSettings::default();
    let scale = PixmapSettings { x_scale: 4.0, y_scale: 4.0, bg_color: WHITE };
    let page = |page| {
        let drawn = hayro::render(page, &cache, &interpreter, &RenderSettings::default(), &scale);
        let grey = drawn.data().iter().map(|pixel| pixel.r).collect();
        Picture { width: drawn.width().into(), height: drawn.height().into(), grey }.codes(format)
    };
    pdf.pages().iter().map(page).collect()
}

fn texts<'a>(labels: impl IntoIterator<Item = &'a Label>) -> Vec<String> {
    labels.into_iter().map(|label| label.qr.clone()).collect()
}

#[test]
fn the_code_of_every_format_and_language_is_read_from_its_picture() {
    let printer = Printer::new().unwrap();
    for format in Format::ALL {
        for language in LANGUAGES {
            for label in [label(3, language), long(language)] {
                let pages = printer.png(std::slice::from_ref(&label), format, 300).unwrap();
                assert_eq!(pages.len(), 1);
                assert_eq!(read_png(&pages[0], format), [label.qr], "{format:?} {language:?}");
            }
        }
    }
}

#[test]
fn the_code_of_every_format_and_language_is_read_from_its_pdf() {
    let printer = Printer::new().unwrap();
    for format in Format::ALL {
        for language in LANGUAGES {
            let label = label(3, language);
            let file = printer.pdf(std::slice::from_ref(&label), format, &|| ()).unwrap();
            assert_eq!(read_pdf(file, format), [[label.qr]], "{format:?} {language:?}");
        }
    }
}

#[test]
fn thirteen_labels_on_a4_take_three_pages_and_each_is_read() {
    let printer = Printer::new().unwrap();
    let labels: Vec<_> = (1..=13).map(|number| label(number, Language::Es)).collect();
    let expected: Vec<_> = labels.chunks(6).map(texts).collect();

    let pictures = printer.png(&labels, Format::A4, 300).unwrap();
    assert_eq!(pictures.iter().map(|file| read_png(file, Format::A4)).collect::<Vec<_>>(), expected);
    let pages = std::cell::Cell::new(0);
    let file = printer.pdf(&labels, Format::A4, &|| pages.set(pages.get() + 1)).unwrap();
    assert_eq!(read_pdf(file, Format::A4), expected);
    assert_eq!(pages.get(), 3);
    assert_eq!(printer.svg(&labels, Format::A4).unwrap().len(), 3);
}

#[test]
fn a_pdf_has_a_page_of_the_right_size_for_each_label() {
    let printer = Printer::new().unwrap();
    let labels = [label(1, Language::Es), label(2, Language::Pt)];
    for format in [Format::Sticker, Format::Window, Format::Lanyard, Format::Counter] {
        let pdf = Pdf::new(printer.pdf(&labels, format, &|| ()).unwrap()).unwrap();
        assert_eq!(pdf.pages().len(), 2);
        let (width, height) = pdf.pages()[0].render_dimensions();
        let points = |millimetres: f32| millimetres * 72.0 / 25.4;
        assert!(
            (width - points(format.size().0)).abs() < 0.1 && (height - points(format.size().1)).abs() < 0.1
        );
    }
}

#[test]
fn a_picture_tells_its_resolution() {
    let pages = Printer::new().unwrap().png(&[label(1, Language::En)], Format::Sticker, 300).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&pages[0])).read_info().unwrap();
    let info = reader.info();
    assert_eq!((info.width, info.height), (1181, 1772));
    assert_eq!(info.pixel_dims.unwrap().xppu, 11_811);
}

/// Every drawn thing but the paper, in millimetres from the corner of the page.
fn boxes(group: &Group, found: &mut Vec<(bool, Rect)>) {
    for node in group.children() {
        match node {
            Node::Group(group) => boxes(group, found),
            Node::Text(text) => found.push((true, text.abs_bounding_box())),
            node => found.push((false, node.abs_bounding_box())),
        }
    }
}

#[test]
fn everything_stays_within_the_safe_margin_and_no_text_runs_into_another() {
    let printer = Printer::new().unwrap();
    for format in Format::ALL {
        let (width, height) = format.size();
        for language in LANGUAGES {
            let plain = Label { brand: None, ..label(12, language) };
            let unbranded = Label { brand: None, ..long(language) };
            for label in [label(3, language), long(language), plain, unbranded] {
                let tree = printer.tree(std::slice::from_ref(&label), format).unwrap();
                let mut found = Vec::new();
                boxes(tree.root(), &mut found);
                let drawn = &found[1..];
                assert!(drawn.len() > 20, "{}", drawn.len());
                for (_, at) in drawn {
                    let inside = at.left() >= 3.0
                        && at.top() >= 3.0
                        && at.right() <= width - 3.0
                        && at.bottom() <= height - 3.0;
                    assert!(inside, "{format:?} {language:?}: {at:?}");
                }
                let texts: Vec<_> = drawn.iter().filter(|(text, _)| *text).map(|(_, at)| *at).collect();
                for (number, one) in texts.iter().enumerate() {
                    for other in &texts[number + 1..] {
                        // Boxes reach from ascender to descender, which lines that follow each other share.
                        let apart = one.left() >= other.right() - 0.01
                            || other.left() >= one.right() - 0.01
                            || (one.bottom() - one.height() * 0.3 <= other.top() + other.height() * 0.3)
                            || (other.bottom() - other.height() * 0.3 <= one.top() + one.height() * 0.3);
                        assert!(apart, "{format:?} {language:?}: {one:?} {other:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_module_is_at_least_half_a_millimetre_wide() {
    let printer = Printer::new().unwrap();
    for format in Format::ALL {
        for label in LANGUAGES.into_iter().flat_map(|language| [label(3, language), long(language)]) {
            let modules = f32::from(qr::of(&label.qr).unwrap().width - 2 * qr::BORDER);
            let tree = printer.tree(std::slice::from_ref(&label), format).unwrap();
            let width = dark(tree.root()).expect("a QR").width();
            assert!(width / modules >= 0.5, "{format:?}: {}", width / modules);
        }
    }
}

/// Where the dark modules are: the path with the most segments.
fn dark(group: &Group) -> Option<Rect> {
    fn paths(group: &Group, found: &mut Vec<(usize, Rect)>) {
        for node in group.children() {
            match node {
                Node::Group(group) => paths(group, found),
                Node::Path(path) => found.push((path.data().len(), path.abs_bounding_box())),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    paths(group, &mut found);
    found.into_iter().max_by_key(|(length, _)| *length).map(|(_, at)| at)
}

#[test]
fn an_svg_page_tells_its_size_and_needs_no_font() {
    let printer = Printer::new().unwrap();
    for format in Format::ALL {
        let label = Label { external_id: "EST<&>\"1".to_owned(), ..long(Language::Pt) };
        let page = printer.svg(&[label], format).unwrap().remove(0);
        assert!(page.contains(&format!("width=\"{}mm\"", format.size().0)));
        assert!(page.contains("<title>Pague com QR: EST&lt;&amp;&gt;&quot;1</title>"));
        assert!(!page.contains("<text") && !page.contains("font-family"));
        let tree = Tree::from_str(&page, &Options::default()).unwrap();
        assert!((tree.size().width() - format.size().0 * 96.0 / 25.4).abs() < 0.1);
    }
}

#[test]
fn a_content_that_no_code_can_hold_is_an_error() {
    let label = Label { qr: "x".repeat(3000), ..label(1, Language::Es) };
    let error = Printer::new().unwrap().pdf(&[label], Format::Sticker, &|| ()).unwrap_err();
    assert_eq!(error.to_string(), "the text is too long for a QR");
}
