//! What customers ask for, what is wrong with it, and what becomes of it.

use battlement::problem::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{catalog, form::Form};

const MOST_ITEMS: usize = 20;
const MOST_PIECES: u32 = 100;
/// The longest address that mail can be sent to (RFC 5321, section 4.5.3.1.3, without the brackets).
const LONGEST_EMAIL: usize = 254;

/// An order as it arrives: any JSON at all.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct OrderForm(Value);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    pub product_id: String,
    pub quantity: u32,
}

/// An order that can be placed: there are products, they exist, and it is known what they cost.
#[derive(Debug, PartialEq, Eq)]
pub struct NewOrder {
    pub email: String,
    pub items: Vec<Item>,
    pub total_cents: u64,
}

/// An order that has been placed: reserved and paid.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    pub id: Uuid,
    pub items: Vec<Item>,
    pub total_cents: u64,
}

const AN_EMAIL: &str = "expected an e-mail address";
const SOME_ITEMS: &str = "expected 1 to 20 items";
const A_PRODUCT: &str = "expected the id of a product";
const A_QUANTITY: &str = "expected 1 to 100";

impl OrderForm {
    /// The order, or everything that is wrong with it.
    pub fn check(self) -> Result<NewOrder, Vec<FieldError>> {
        let mut form = Form::default();
        let order = self.read(&mut form);
        form.finish(order)
    }

    fn read(self, form: &mut Form) -> Option<NewOrder> {
        let mut order = form.object("", self.0, &["email", "items"])?;
        let email: Option<String> = form.member("", &mut order, "email", AN_EMAIL);
        if email.as_ref().is_some_and(|email| !looks_like_email(email)) {
            form.wrong("/email", AN_EMAIL);
        }
        let values: Option<Vec<Value>> = form.member("", &mut order, "items", SOME_ITEMS);
        if values.as_ref().is_some_and(|items| !(1..=MOST_ITEMS).contains(&items.len())) {
            form.wrong("/items", SOME_ITEMS);
        }
        let mut items = Vec::new();
        for (index, value) in values?.into_iter().take(MOST_ITEMS).enumerate() {
            let pointer = format!("/items/{index}");
            let Some(item) = Item::read(form, &pointer, value) else { continue };
            if items.iter().any(|before: &Item| before.product_id == item.product_id) {
                form.wrong(format!("{pointer}/product_id"), "the product is listed before");
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
        let product_id: Option<String> = form.member(pointer, &mut item, "product_id", A_PRODUCT);
        if product_id.as_ref().is_some_and(|id| catalog::product(id).is_none()) {
            form.wrong(format!("{pointer}/product_id"), "there is no such product");
        }
        let quantity = form.member(pointer, &mut item, "quantity", A_QUANTITY);
        if quantity.is_some_and(|quantity| !(1..=MOST_PIECES).contains(&quantity)) {
            form.wrong(format!("{pointer}/quantity"), A_QUANTITY);
        }
        Some(Self { product_id: product_id?, quantity: quantity? })
    }

    fn cents(&self) -> u64 {
        let price = catalog::product(&self.product_id).map_or(0, |product| product.price_cents);
        u64::from(price) * u64::from(self.quantity)
    }
}

/// Whether mail arrives is only known by sending some; this finds the slips of the pen.
fn looks_like_email(text: &str) -> bool {
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let parts = text.rsplit_once('@');
    plain
        && text.len() <= LONGEST_EMAIL
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
        errors.into_iter().map(|error| error.pointer.into_owned()).collect()
    }

    #[test]
    fn an_order_costs_what_its_pieces_cost_together() {
        let order = form("ada@example.org", &[("mug", 2), ("teapot", 1)]).check().unwrap();
        assert_eq!(order.total_cents, 2 * 1_200 + 3_800);
    }

    #[test]
    fn everything_wrong_is_told_at_once_and_where() {
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
    fn every_field_of_the_wrong_type_is_told() {
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
    fn an_order_of_nothing_is_none() {
        assert!(form("ada@example.org", &[]).check().is_err());
    }
}
