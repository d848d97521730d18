//! What the shop has on its shelves.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

const LONGEST_ORDER_ID: usize = 64;

/// Some pieces of one product.
#[derive(Clone, Debug)]
pub struct Line {
    pub product_id: String,
    pub quantity: u32,
}

/// Why nothing was reserved.
#[derive(Debug, PartialEq, Eq)]
pub enum NotReserved {
    Malformed(&'static str),
    UnknownProduct(String),
    NotEnough { product_id: String, left: u32 },
}

/// The stock in memory: a real shop would keep it in a database.
#[derive(Debug)]
pub struct Stock {
    shelves: Mutex<Shelves>,
}

#[derive(Debug)]
struct Shelves {
    left: HashMap<String, u32>,
    /// By order. Each reservation takes at least one piece, so the stock itself bounds their number.
    reserved: HashMap<String, HashMap<String, u32>>,
}

impl Stock {
    pub fn new<'a>(pieces: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let left = pieces.into_iter().map(|(id, count)| (id.to_owned(), count)).collect();
        Self { shelves: Mutex::new(Shelves { left, reserved: HashMap::new() }) }
    }

    /// What the shop opens with.
    #[must_use]
    pub fn of_the_shop() -> Self {
        Self::new([("mug", 10_000), ("teapot", 1_000), ("kettle", 500), ("samovar", 3)])
    }

    /// Takes all the lines for the order, or none. An order that has its pieces keeps them and gets no
    /// more, so that a caller who missed the answer may simply ask again.
    pub fn reserve(&self, order_id: &str, lines: &[Line]) -> Result<(), NotReserved> {
        let wanted = count(order_id, lines)?;
        let mut shelves = self.lock();
        if shelves.reserved.contains_key(order_id) {
            return Ok(());
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

    /// Puts back what the order took, and says whether there was anything.
    pub fn release(&self, order_id: &str) -> bool {
        let mut shelves = self.lock();
        let Some(lines) = shelves.reserved.remove(order_id) else {
            return false;
        };
        for (product_id, quantity) in lines {
            *shelves.left.entry(product_id).or_default() += quantity;
        }
        true
    }

    /// How many pieces of a product are left, if the shop has the product at all.
    pub fn left(&self, product_id: &str) -> Option<u32> {
        self.lock().left.get(product_id).copied()
    }

    /// No code panics while it holds the lock, so a poisoned one holds sound data.
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

/// Pieces by product, however many lines name it.
fn count(order_id: &str, lines: &[Line]) -> Result<HashMap<String, u32>, NotReserved> {
    if order_id.is_empty() || order_id.len() > LONGEST_ORDER_ID {
        return Err(NotReserved::Malformed("order_id must have 1 to 64 bytes"));
    }
    if lines.is_empty() || lines.iter().any(|line| line.quantity == 0) {
        return Err(NotReserved::Malformed("there must be lines, of at least one piece each"));
    }
    let mut wanted = HashMap::<String, u32>::new();
    for line in lines {
        let sum = wanted.entry(line.product_id.clone()).or_default();
        // At the end of the range it is more than any shelf holds, which is all that matters.
        *sum = sum.saturating_add(line.quantity);
    }
    Ok(wanted)
}

impl fmt::Display for NotReserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(expected) => f.write_str(expected),
            Self::UnknownProduct(product_id) => write!(f, "there is no product {product_id:?}"),
            Self::NotEnough { product_id, left } => {
                write!(f, "only {left} of {product_id:?} left")
            }
        }
    }
}

impl std::error::Error for NotReserved {}
