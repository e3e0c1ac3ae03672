//! Stores and points of sale: what makes a pump's QR.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use reqwest::Method;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ApiError;
use super::client::MercadoPago;
use super::wire::Text;

/// A store to be made (API reference, "Stores").
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewStore {
    /// Name for people.
    pub name: String,
    /// Our id of it: letters and digits, unique in the account.
    pub external_id: String,
    /// Where it is.
    pub location: Location,
    /// Opening hours by English day name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub business_hours: BTreeMap<String, Vec<Hours>>,
}

/// An interval of a day, `"08:00"` to `"13:00"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// From.
    pub open: String,
    /// To.
    pub close: String,
}

/// A store's address. City and state must be spelled as Mercado Pago's catalogue of the country spells them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Location {
    /// A string even when it is a number.
    pub street_number: String,
    /// Street.
    pub street_name: String,
    /// City.
    pub city_name: String,
    /// State or province.
    pub state_name: String,
    /// Degrees.
    pub latitude: serde_json::Number,
    /// Degrees.
    pub longitude: serde_json::Number,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip_code: Option<String>,
    /// How to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A store as Mercado Pago has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Store {
    id: Text,
    external_id: Text,
    name: Text,
    #[serde(deserialize_with = "super::wire::optional")]
    location: Option<StoreLocation>,
    #[serde(deserialize_with = "super::wire::optional")]
    business_hours: Option<BTreeMap<String, Vec<Hours>>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct StoreLocation {
    latitude: Text,
    longitude: Text,
}

impl Store {
    /// Mercado Pago's id of it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Our id of it.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Latitude and longitude, as written.
    #[must_use]
    pub fn coordinates(&self) -> Option<(&str, &str)> {
        let location = self.location.as_ref()?;
        Some((location.latitude.as_deref()?, location.longitude.as_deref()?))
    }

    /// When it is open, by English day name.
    #[must_use]
    pub fn business_hours(&self) -> BTreeMap<String, Vec<Hours>> {
        self.business_hours.clone().unwrap_or_default()
    }
}

/// A point of sale to be made, one a position (API reference, "POS").
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewPos {
    /// Name for people, at most 45 characters.
    pub name: String,
    /// The buyer cannot type the amount: must be true where `url` is set.
    pub fixed_amount: bool,
    /// The country's code for fuel stations.
    pub category: u32,
    /// Our id of the store.
    pub external_store_id: String,
    /// Our id of it: letters and digits.
    pub external_id: String,
    /// What Mercado Pago asks on a scan; none for the point of sale of a terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A point of sale as Mercado Pago has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pos {
    id: Text,
    external_id: Text,
    external_store_id: Text,
    name: Text,
    category: Text,
    #[serde(deserialize_with = "super::wire::optional")]
    fixed_amount: Option<bool>,
    url: Text,
    qr_code: Text,
    uuid: Text,
    #[serde(deserialize_with = "super::wire::optional")]
    qr: Option<Qr>,
}

/// Where the QR of a point of sale can be fetched.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Qr {
    image: Text,
}

impl Pos {
    /// Mercado Pago's id of it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Our id of it.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    /// Our id of its store.
    #[must_use]
    pub fn external_store_id(&self) -> Option<&str> {
        self.external_store_id.as_deref()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The merchant category.
    #[must_use]
    pub fn category(&self) -> Option<u32> {
        self.category.as_deref()?.parse().ok()
    }

    /// Whether the buyer cannot type the amount.
    #[must_use]
    pub fn fixed_amount(&self) -> bool {
        self.fixed_amount.unwrap_or(false)
    }

    /// What it asks on a scan.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The text of its QR (`EMVCo`). Old answers have none; [`Pos::qr_image`] then shows it.
    #[must_use]
    pub fn qr_code(&self) -> Option<&str> {
        self.qr_code.as_deref().filter(|text| !text.is_empty())
    }

    /// Where the picture of its QR is.
    #[must_use]
    pub fn qr_image(&self) -> Option<&str> {
        self.qr.as_ref()?.image.as_deref()
    }

    /// What tells this QR from that of another point of sale of the same name: a new one is another.
    #[must_use]
    pub fn identity(&self) -> Option<&str> {
        self.uuid.as_deref().or_else(|| self.id())
    }
}

/// A page of a search.
#[derive(Deserialize)]
#[serde(default, bound = "T: serde::de::DeserializeOwned")]
struct Page<T> {
    #[serde(deserialize_with = "super::wire::list")]
    results: Vec<T>,
    #[serde(deserialize_with = "super::wire::optional")]
    paging: Option<Paging>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { results: Vec::new(), paging: None }
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Paging {
    total: Text,
}

/// Entries on a page: the most that the reference of either search allows.
const PAGE: usize = 50;
/// Pages that are asked for at once.
const AT_ONCE: usize = 4;

impl MercadoPago {
    /// Every store of a seller: all pages.
    pub async fn stores(&self, token: &SecretString, collector_id: u64) -> Result<Vec<Store>, ApiError> {
        self.pages(token, &format!("/users/{collector_id}/stores/search")).await
    }

    /// The store of an external id.
    pub async fn store_named(
        &self,
        token: &SecretString,
        collector_id: u64,
        external_id: &str,
    ) -> Result<Option<Store>, ApiError> {
        let path = format!("/users/{collector_id}/stores/search?external_id={external_id}");
        let found: Page<Store> = self.get(token, &path).await?;
        let same = |known: &Store| known.external_id().is_some_and(|id| id.eq_ignore_ascii_case(external_id));
        Ok(found.results.into_iter().find(same))
    }

    /// Makes a store. It is asked once: a store whose answer was lost is found by its external id.
    pub async fn make_store(
        &self,
        token: &SecretString,
        collector_id: u64,
        store: &NewStore,
    ) -> Result<Store, ApiError> {
        let path = format!("/users/{collector_id}/stores");
        self.send_once(&self.call(Method::POST, token, &path).with_body(Some(store))).await
    }

    /// Brings a store up to date.
    pub async fn change_store(
        &self,
        token: &SecretString,
        collector_id: u64,
        id: &str,
        store: &NewStore,
    ) -> Result<Store, ApiError> {
        let path = format!("/users/{collector_id}/stores/{id}");
        self.send(&self.call(Method::PUT, token, &path).with_body(Some(store))).await
    }

    /// Removes a store, which must have no points of sale.
    pub async fn remove_store(
        &self,
        token: &SecretString,
        collector_id: u64,
        id: &str,
    ) -> Result<(), ApiError> {
        let call = self.call(Method::DELETE, token, &format!("/users/{collector_id}/stores/{id}"));
        self.send_whatever(&call).await
    }

    /// Every point of sale of a seller: all pages.
    pub async fn points_of_sale(&self, token: &SecretString) -> Result<Vec<Pos>, ApiError> {
        self.pages(token, "/pos").await
    }

    /// The point of sale of an external id.
    pub async fn pos_named(&self, token: &SecretString, external_id: &str) -> Result<Option<Pos>, ApiError> {
        let found: Page<Pos> = self.get(token, &format!("/pos?external_id={external_id}")).await?;
        let same = |known: &Pos| known.external_id().is_some_and(|id| id.eq_ignore_ascii_case(external_id));
        Ok(found.results.into_iter().find(same))
    }

    /// Makes a point of sale. It is asked once: one whose answer was lost is found by its external id.
    pub async fn make_pos(&self, token: &SecretString, pos: &NewPos) -> Result<Pos, ApiError> {
        self.send_once(&self.call(Method::POST, token, "/pos").with_body(Some(pos))).await
    }

    /// Brings a point of sale up to date. Its external id stays: it cannot be changed, and is not sent.
    pub async fn change_pos(&self, token: &SecretString, id: &str, pos: &NewPos) -> Result<Pos, ApiError> {
        let mut body = serde_json::to_value(pos).unwrap_or_default();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("external_id");
        }
        self.send(&self.call(Method::PUT, token, &format!("/pos/{id}")).with_body(Some(&body))).await
    }

    /// Removes a point of sale: its QR is dead from then on.
    pub async fn remove_pos(&self, token: &SecretString, id: &str) -> Result<(), ApiError> {
        self.send_whatever(&self.call(Method::DELETE, token, &format!("/pos/{id}"))).await
    }

    /// All pages of a search, several at once after the first, which tells how many there are. A page may be shorter than
    /// was asked for, so what follows is counted by what the first one had.
    async fn pages<T: DeserializeOwned>(&self, token: &SecretString, path: &str) -> Result<Vec<T>, ApiError> {
        let first: Page<T> = self.get(token, &format!("{path}?limit={PAGE}&offset=0")).await?;
        let size = first.results.len();
        let total = first.paging.and_then(|paging| paging.total.as_deref()?.parse::<usize>().ok());
        let mut all = first.results;
        if size == 0 {
            return Ok(all);
        }
        let offsets = (1_usize..).map(|page| page.saturating_mul(size));
        // Without a total the list ends with an empty page.
        let offsets = offsets.take_while(|offset| total.is_none_or(|total| *offset < total));
        let page = |offset: usize| async move {
            self.get::<Page<T>>(token, &format!("{path}?limit={PAGE}&offset={offset}")).await
        };
        let mut pages = futures_util::stream::iter(offsets.map(page)).buffered(AT_ONCE);
        while let Some(page) = pages.next().await {
            let page = page?.results;
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        Ok(all)
    }
}
