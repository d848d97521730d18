//! The stock of the shop.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::released::Released;

const MAX_ORDER_ID_BYTES: usize = 64;

/// A quantity of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub product_id: String,
    pub quantity: u32,
}

/// The reason why an order was not reserved.
#[derive(Debug, PartialEq, Eq)]
pub enum NotReserved {
    Malformed(&'static str),
    /// The same order was reserved before with other lines.
    Differs,
    /// The order has been released, so this request is late.
    Released,
    UnknownProduct(String),
    NotEnough {
        product_id: String,
        left: u32,
    },
}

/// The stock, in memory: a real shop would use a database.
#[derive(Debug)]
pub struct Stock {
    shelves: Mutex<Shelves>,
}

#[derive(Debug)]
struct Shelves {
    left: HashMap<String, u32>,
    /// Reservations by order. Each holds at least one piece, so the stock itself bounds their number.
    reserved: HashMap<String, HashMap<String, u32>>,
    released: Released,
}

impl Stock {
    pub fn new<'a>(pieces: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let left = pieces.into_iter().map(|(id, count)| (id.to_owned(), count)).collect();
        Self {
            shelves: Mutex::new(Shelves {
                left,
                reserved: HashMap::new(),
                released: Released::default(),
            }),
        }
    }

    /// Returns the stock with which the shop opens.
    #[must_use]
    pub fn of_shop() -> Self {
        Self::new([("mug", 10_000), ("teapot", 1_000), ("kettle", 500), ("samovar", 3)])
    }

    /// Reserves all lines of the order, or none. A repeated request for the same order reserves nothing more, so a
    /// caller that missed the response can retry; nor does one that arrives after the order was released.
    pub fn reserve(&self, order_id: &str, lines: &[Line]) -> Result<(), NotReserved> {
        let wanted = count(order_id, lines)?;
        let mut shelves = self.lock();
        if let Some(reserved) = shelves.reserved.get(order_id) {
            return if *reserved == wanted { Ok(()) } else { Err(NotReserved::Differs) };
        }
        if shelves.released.lines(order_id).is_some() {
            return Err(NotReserved::Released);
        }
        for (product_id, quantity) in &wanted {
            shelves.check(product_id, *quantity)?;
        }
        for (product_id, quantity) in &wanted {
            shelves.left.entry(product_id.clone()).and_modify(|left| *left -= quantity);
        }
        shelves.reserved.insert(order_id.to_owned(), wanted);
        Ok(())
    }

    /// Releases the reservation of an order, and returns its lines; none if there was no reservation. A repeated request
    /// returns the same lines.
    pub fn release(&self, order_id: &str) -> Vec<Line> {
        let mut shelves = self.lock();
        if let Some(lines) = shelves.released.lines(order_id) {
            return lines.to_vec();
        }
        let lines = shelves.reserved.remove(order_id).unwrap_or_default();
        let lines = lines.into_iter().map(|(product_id, quantity)| Line { product_id, quantity });
        let lines: Vec<Line> = lines.collect();
        for Line { product_id, quantity } in &lines {
            *shelves.left.entry(product_id.clone()).or_default() += quantity;
        }
        if check(order_id).is_ok() {
            shelves.released.insert(order_id, lines.clone());
        }
        lines
    }

    /// Returns the number of pieces left of a product, or `None` if the product is unknown.
    pub fn left(&self, product_id: &str) -> Option<u32> {
        self.lock().left.get(product_id).copied()
    }

    /// Locks the shelves. No code panics while it holds the lock, so the data behind a poisoned lock is sound.
    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelves {
    fn check(&self, product_id: &str, quantity: u32) -> Result<(), NotReserved> {
        match self.left.get(product_id) {
            None => Err(NotReserved::UnknownProduct(product_id.to_owned())),
            Some(&left) if left < quantity => {
                Err(NotReserved::NotEnough { product_id: product_id.to_owned(), left })
            }
            Some(_) => Ok(()),
        }
    }
}

/// Returns the pieces by product, summed over all lines.
fn count(order_id: &str, lines: &[Line]) -> Result<HashMap<String, u32>, NotReserved> {
    check(order_id)?;
    if lines.is_empty() || lines.iter().any(|line| line.quantity == 0) {
        return Err(NotReserved::Malformed(
            "lines must have at least one entry, each with a quantity of at least 1",
        ));
    }
    let mut wanted = HashMap::<String, u32>::new();
    for line in lines {
        let sum = wanted.entry(line.product_id.clone()).or_default();
        // A saturated sum is more than any shelf holds, so the result is the same.
        *sum = sum.saturating_add(line.quantity);
    }
    Ok(wanted)
}

fn check(order_id: &str) -> Result<(), NotReserved> {
    if order_id.is_empty() || order_id.len() > MAX_ORDER_ID_BYTES {
        return Err(NotReserved::Malformed("order_id must have 1 to 64 bytes"));
    }
    Ok(())
}

impl fmt::Display for NotReserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(expected) => f.write_str(expected),
            Self::Differs => f.write_str("the order has already been reserved with other lines"),
            Self::Released => f.write_str("the order has already been released"),
            Self::UnknownProduct(product_id) => write!(f, "unknown product {product_id:?}"),
            Self::NotEnough { product_id, left } => {
                write!(f, "only {left} of {product_id:?} left")
            }
        }
    }
}

impl std::error::Error for NotReserved {}
