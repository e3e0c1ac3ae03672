//! Points of sale (cajas); in the unattended model one for each side of a pump.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::json::{Json, object};
use crate::site::Site;

/// A point of sale.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pos {
    /// Mercado Pago's id.
    pub id: u64,
    /// The id inside the QR.
    pub uuid: String,
    /// The seller.
    pub owner: u64,
    /// The seller's country.
    pub site: Site,
    /// Its name.
    pub name: String,
    /// Whether the buyer may not type the amount.
    pub fixed_amount: bool,
    /// The merchant category.
    pub category: Option<u64>,
    /// The store.
    pub store_id: u64,
    /// The store, by the seller's own id.
    pub external_store_id: Option<String>,
    /// The seller's own id.
    pub external_id: Option<String>,
    /// What Mercado Pago asks for the order when the QR is scanned.
    pub url: Option<String>,
    /// The text of the QR.
    pub qr_code: String,
    /// When it was created.
    pub created: Moment,
    /// When it was last changed.
    pub updated: Moment,
}

impl Pos {
    /// The point of sale as the API shows it; `base` is where its images are served.
    pub fn render(&self, base: &str) -> Json {
        let image = format!("{base}/instore/merchant/qr/{}", self.id);
        let uuid = &self.uuid;
        object! {
            "id": self.id,
            "qr": object! {
                "image": format!("{image}/{uuid}.png"),
                "template_document": format!("{image}/template_{uuid}.pdf"),
                "template_image": format!("{image}/template_{uuid}.png"),
            },
            "status": "active",
            "date_created": self.created,
            "date_last_updated": self.updated,
            "uuid": uuid.as_str(),
            "user_id": self.owner,
            "name": self.name.as_str(),
            "fixed_amount": self.fixed_amount,
            "category": self.category,
            "store_id": self.store_id.to_string(),
            "external_store_id": self.external_store_id.clone(),
            "external_id": self.external_id.clone(),
            "url": self.url.clone(),
            "site": self.site.id(),
            "qr_code": self.qr_code.as_str(),
        }
    }
}
