//! Orders: the request of a customer, its validation, and the stored order.

use battlement::problem::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{catalog, form::Form};

const MAX_ITEMS: usize = 20;
const MAX_QUANTITY: u32 = 100;
/// The longest e-mail address (RFC 5321, section 4.5.3.1.3, without the brackets).
const MAX_EMAIL_BYTES: usize = 254;

/// The body of a request for an order, before validation: any JSON value.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct OrderForm(Value);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    pub product_id: String,
    pub quantity: u32,
}

/// A valid order: it has items, their products exist, and its total is known.
#[derive(Debug, PartialEq, Eq)]
pub struct NewOrder {
    pub email: String,
    pub items: Vec<Item>,
    pub total_cents: u64,
}

/// An order that has been reserved and charged.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    pub id: Uuid,
    pub items: Vec<Item>,
    pub total_cents: u64,
}

const EMAIL: &str = "expected an e-mail address";
const ITEMS: &str = "expected 1 to 20 items";
const PRODUCT: &str = "expected the id of a product";
const QUANTITY: &str = "expected 1 to 100";

impl OrderForm {
    /// Returns the valid order, or the errors of all invalid fields.
    pub fn check(self) -> Result<NewOrder, Vec<FieldError>> {
        let mut form = Form::default();
        let order = self.read(&mut form);
        form.finish(order)
    }

    fn read(self, form: &mut Form) -> Option<NewOrder> {
        let mut order = form.object("", self.0, &["email", "items"])?;
        let email: Option<String> = form.member("", &mut order, "email", EMAIL);
        if email.as_ref().is_some_and(|email| !looks_like_email(email)) {
            form.error("/email", EMAIL);
        }
        let values: Option<Vec<Value>> = form.member("", &mut order, "items", ITEMS);
        if values.as_ref().is_some_and(|items| !(1..=MAX_ITEMS).contains(&items.len())) {
            form.error("/items", ITEMS);
        }
        let mut items = Vec::new();
        for (index, value) in values?.into_iter().take(MAX_ITEMS).enumerate() {
            let pointer = format!("/items/{index}");
            let Some(item) = Item::read(form, &pointer, value) else { continue };
            if items.iter().any(|before: &Item| before.product_id == item.product_id) {
                form.error(format!("{pointer}/product_id"), "duplicate product");
            }
            items.push(item);
        }
        let total_cents = items.iter().map(Item::cents).sum();
        Some(NewOrder { email: email?, items, total_cents })
    }
}

impl Item {
    fn read(form: &mut Form, pointer: &str, value: Value) -> Option<Self> {
        let mut item = form.object(pointer, value, &["product_id", "quantity"])?;
        let product_id: Option<String> = form.member(pointer, &mut item, "product_id", PRODUCT);
        if product_id.as_ref().is_some_and(|id| catalog::product(id).is_none()) {
            form.error(format!("{pointer}/product_id"), "unknown product");
        }
        let quantity = form.member(pointer, &mut item, "quantity", QUANTITY);
        if quantity.is_some_and(|quantity| !(1..=MAX_QUANTITY).contains(&quantity)) {
            form.error(format!("{pointer}/quantity"), QUANTITY);
        }
        Some(Self { product_id: product_id?, quantity: quantity? })
    }

    fn cents(&self) -> u64 {
        let price = catalog::product(&self.product_id).map_or(0, |product| product.price_cents);
        u64::from(price) * u64::from(self.quantity)
    }
}

/// Returns whether `text` has the form of an e-mail address. Only sending mail shows whether it arrives.
fn looks_like_email(text: &str) -> bool {
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let parts = text.rsplit_once('@');
    plain
        && text.len() <= MAX_EMAIL_BYTES
        && parts.is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    fn form(email: &str, items: &[(&str, u32)]) -> OrderForm {
        let item =
            |&(id, quantity): &(&str, u32)| json!({ "product_id": id, "quantity": quantity });
        let items: Vec<_> = items.iter().map(item).collect();
        OrderForm(json!({ "email": email, "items": items }))
    }

    fn pointers(form: OrderForm) -> Vec<String> {
        let errors = form.check().unwrap_err();
        errors.into_iter().map(|error| error.pointer().to_owned()).collect()
    }

    #[test]
    fn the_total_of_an_order_is_the_sum_of_its_items() {
        let order = form("ada@example.org", &[("mug", 2), ("teapot", 1)]).check().unwrap();
        assert_eq!(order.total_cents, 2 * 1_200 + 3_800);
    }

    #[test]
    fn all_invalid_fields_are_reported_with_their_pointers() {
        assert_eq!(
            pointers(form("ada", &[("mug", 0), ("mug", 1), ("moon", 101)])),
            [
                "/email",
                "/items/0/quantity",
                "/items/1/product_id",
                "/items/2/product_id",
                "/items/2/quantity"
            ]
        );
    }

    #[test]
    fn every_field_of_the_wrong_type_is_reported() {
        let item = json!({ "product_id": 1, "quantity": "two", "colour/size": "red" });
        let order = json!({ "email": 7, "items": [item, "mug", {}], "coupon": "x" });
        assert_eq!(
            pointers(OrderForm(order)),
            [
                "/coupon",
                "/email",
                "/items/0/colour~1size",
                "/items/0/product_id",
                "/items/0/quantity",
                "/items/1",
                "/items/2/product_id",
                "/items/2/quantity",
            ]
        );
        assert_eq!(pointers(OrderForm(json!({}))), ["/email", "/items"]);
        assert_eq!(pointers(OrderForm(json!([]))), [""]);
    }

    #[test]
    fn an_order_without_items_is_invalid() {
        assert!(form("ada@example.org", &[]).check().is_err());
    }
}
