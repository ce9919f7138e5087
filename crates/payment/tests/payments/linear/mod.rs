//! What clients see of a payment is what they would see if everything happened one after another.

mod checker;
mod histories;
mod live;
mod model;
