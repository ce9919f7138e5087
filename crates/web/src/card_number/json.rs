//! Card numbers in JSON: in every string and every name of a field. Numbers that are typed as such, amounts for
//! example, are none.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Place, find};

/// Where in a JSON text a card number stands. A text that is no JSON is searched as it is.
pub fn find_in_json(bytes: &[u8]) -> Option<Place> {
    // Where nothing is escaped, a number in a text of it is one in the whole: only where there is one it is worth asking
    // where it stands, and whether it is typed.
    if !has_escaped_digits(bytes) && std::str::from_utf8(bytes).is_ok_and(|text| find(text).is_none()) {
        return None;
    }
    let mut search = Search::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = search
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match (search.found, read) {
        (Some(place), _) => Some(place),
        (None, Ok(())) => None,
        (None, Err(_)) => find(&String::from_utf8_lossy(bytes)).map(|_| Place::of_text("")),
    }
}

/// Where in a value a card number stands.
pub fn find_in_value(value: &Value) -> Option<Place> {
    let mut search = Search::default();
    // What ends it early is what it found.
    let _ended = search.deserialize(value);
    search.found
}

/// Whether an escape in a JSON text may stand for a digit, or for what stands between digits. The characters of Korean
/// and Chinese, which many programs escape, don't.
pub(super) fn has_escaped_digits(bytes: &[u8]) -> bool {
    if !bytes.contains(&b'\\') {
        return false;
    }
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = rest.get(at + 1..at + 6).unwrap_or_default();
        let is_elsewhere = std::str::from_utf8(escape)
            .ok()
            .and_then(|text| text.strip_prefix('u'))
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .is_some_and(|code| (0x3100..0xA000).contains(&code) || (0xAC00..0xD800).contains(&code));
        if !is_elsewhere {
            return true;
        }
        rest = rest.get(at + 6..).unwrap_or_default();
    }
    false
}

#[derive(Default)]
struct Search {
    path: Vec<Step>,
    found: Option<Place>,
}

enum Step {
    Field(String),
    Item(usize),
}

impl Search {
    fn look<E: serde::de::Error>(&mut self, text: &str, is_name: bool) -> Result<(), E> {
        if find(text).is_none() {
            return Ok(());
        }
        self.found = Some(Place {
            pointer: self.pointer(),
            is_name,
        });
        Err(E::custom("a card number"))
    }

    /// RFC 6901.
    fn pointer(&self) -> String {
        let part = |step: &Step| match step {
            Step::Field(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            Step::Item(place) => format!("/{place}"),
        };
        self.path.iter().map(part).collect()
    }
}

impl<'de> DeserializeSeed<'de> for &mut Search {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Search {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.look(text, false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for place in 0.. {
            self.path.push(Step::Item(place));
            if items.next_element_seed(&mut *self)?.is_none() {
                break;
            }
            self.path.pop();
        }
        self.path.pop();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            self.look::<A::Error>(&name, true).map_err(A::Error::custom)?;
            self.path.push(Step::Field(name));
            fields.next_value_seed(&mut *self)?;
            self.path.pop();
        }
        Ok(())
    }
}
