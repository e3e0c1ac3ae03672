//! The API is what `docs/api.yaml` says. Every answer of every scenario is held against it as well, where it is read.

use std::collections::BTreeSet;

use surtidor_local::template;

#[test]
fn the_document_and_the_template_have_the_same_routes() {
    let text = include_str!("../../template.yaml");
    let name = |id: &str, _: &str, names: &mut template::Names| {
        names.refs.insert(id.to_owned(), id.to_owned());
        names.attributes.insert(format!("{id}.Arn"), id.to_owned());
    };
    let deployed = template::read(text, &std::collections::BTreeMap::new(), name).unwrap();
    let deployed: BTreeSet<_> =
        deployed.routes.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    let documented: BTreeSet<_> = surtidor_tests::routes().into_iter().collect();
    assert_eq!(deployed, documented);
}
