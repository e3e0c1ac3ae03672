//! TLS for callbacks and notifications to servers that are not on this machine.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// The workspace's one provider and one set of roots.
pub fn config() -> ClientConfig {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let Ok(builder) = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
    else {
        unreachable!("the ring provider has the cipher suites of TLS 1.2 and 1.3")
    };
    builder.with_root_certificates(roots).with_no_client_auth()
}
