//! The API is what `docs/api.yaml` says. Every answer of every scenario is held against it as well, where it is read.

use std::collections::BTreeSet;

use surtidor_local::template;

fn deployed() -> Vec<template::Route> {
    let text = include_str!("../../template.yaml");
    let name = |id: &str, _: &str, names: &mut template::Names| {
        names.refs.insert(id.to_owned(), id.to_owned());
        names.attributes.insert(format!("{id}.Arn"), id.to_owned());
    };
    template::read(text, &std::collections::BTreeMap::new(), name).unwrap().routes
}

fn named(route: &template::Route) -> String {
    format!("{} {}", route.method, route.path)
}

#[test]
fn the_document_and_the_template_have_the_same_routes() {
    let deployed: BTreeSet<_> = deployed().iter().map(named).collect();
    let documented: BTreeSet<_> = surtidor_tests::routes().into_iter().collect();
    assert_eq!(deployed, documented);
}

#[test]
fn every_route_that_wants_a_key_asks_for_a_permission_and_no_other_route_does() {
    let deployed: BTreeSet<_> =
        deployed().iter().filter(|route| route.authorizer.is_some()).map(named).collect();
    let asking: BTreeSet<_> = surtidor::access::ROUTES.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(asking.len(), surtidor::access::ROUTES.len(), "a route asks for one permission");
    assert_eq!(deployed, asking);
}
