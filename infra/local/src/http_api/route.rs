//! Which route a request takes ("Work with routes for HTTP APIs").

use std::collections::BTreeMap;

use crate::template::Route;

/// A route and what its parameters stand for.
pub(super) struct Match<'a> {
    pub(super) route: &'a Route,
    pub(super) parameters: BTreeMap<String, String>,
}

/// The most specific route: full matches before parameters before `{proxy+}`, the method before `ANY`.
pub(super) fn find<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<Match<'a>> {
    let of_method = |route: &&Route| route.method == method || route.method == "ANY" || route.method == "*";
    let candidates = routes.iter().filter(of_method).filter_map(|route| {
        let (rank, parameters) = matches(&route.path, path)?;
        Some(((rank, usize::from(route.method != method)), Match { route, parameters }))
    });
    candidates.min_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, found)| found)
}

/// The rank of a match (a digit a segment, smaller is more specific) and its parameters.
fn matches(pattern: &str, path: &str) -> Option<(Vec<u8>, BTreeMap<String, String>)> {
    if pattern == "$default" {
        return Some((vec![9], BTreeMap::new()));
    }
    let mut segments = path.trim_start_matches('/').split('/');
    let (mut rank, mut parameters) = (Vec::new(), BTreeMap::new());
    for part in pattern.trim_start_matches('/').split('/') {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        match name {
            Some(name) if name.ends_with('+') => {
                let rest: Vec<_> = segments.by_ref().collect();
                if rest.is_empty() {
                    return None;
                }
                rank.push(2);
                parameters.insert(name.trim_end_matches('+').to_owned(), decode(&rest.join("/")));
            }
            Some(name) => {
                let segment = segments.next().filter(|segment| !segment.is_empty())?;
                rank.push(1);
                parameters.insert(name.to_owned(), decode(segment));
            }
            None => {
                if segments.next()? != part {
                    return None;
                }
                rank.push(0);
            }
        }
    }
    segments.next().is_none().then_some((rank, parameters))
}

/// Percent-decodes; what is no UTF-8 becomes the replacement character.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|pair| hex::decode(pair).ok());
        if let (b'%', Some([value])) = (byte, hex.as_deref()) {
            bytes.push(*value);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Vec<Route> {
        ["GET /a", "GET /a/{id}", "GET /a/b", "ANY /a/{proxy+}", "POST /a/{id}/x", "ANY $default"]
            .into_iter()
            .map(|key| {
                let (method, path) = key.split_once(' ').unwrap();
                Route {
                    method: method.to_owned(),
                    path: path.to_owned(),
                    function: key.to_owned(),
                    authorizer: None,
                }
            })
            .collect()
    }

    #[test]
    fn the_most_specific_route_is_taken() {
        let routes = routes();
        for (method, path, expected) in [
            ("GET", "/a", "GET /a"),
            ("GET", "/a/b", "GET /a/b"),
            ("GET", "/a/c", "GET /a/{id}"),
            ("POST", "/a/c", "ANY /a/{proxy+}"),
            ("POST", "/a/c/x", "POST /a/{id}/x"),
            ("GET", "/a/c/d/e", "ANY /a/{proxy+}"),
            ("GET", "/z", "ANY $default"),
        ] {
            assert_eq!(find(&routes, method, path).unwrap().route.function, expected, "{method} {path}");
        }
        assert_eq!(find(&routes, "GET", "/a/c%20d%2Fe").unwrap().parameters["id"], "c d/e");
        assert!(find(&routes[..3], "GET", "/z").is_none());
        assert!(find(&routes[..3], "GET", "/a/").is_none(), "an empty parameter is none");
    }
}
