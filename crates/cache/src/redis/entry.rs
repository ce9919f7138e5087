//! How a value is kept: behind its own key, so that an answer that belongs to another question is noticed.

use bytes::{BufMut as _, Bytes, BytesMut};

/// `value` as it is kept under `key`; none for a key that is too long for any cache.
pub(super) fn sealed(key: &str, value: &Bytes) -> Option<BytesMut> {
    let length = u16::try_from(key.len()).ok()?;
    let mut kept = BytesMut::with_capacity(2 + key.len() + value.len());
    kept.put_u16(length);
    kept.put_slice(key.as_bytes());
    kept.put_slice(value);
    Some(kept)
}

/// The value, if what is kept was kept under `key`.
pub(super) fn opened(key: &str, kept: &Bytes) -> Option<Bytes> {
    let (length, rest) = kept.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (own, value) = rest.split_at_checked(length)?;
    (own == key.as_bytes()).then(|| kept.slice_ref(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_opened_under_its_own_key_only() {
        for value in ["", "value"] {
            let kept = sealed("user:1", &Bytes::from(value)).unwrap().freeze();
            assert_eq!(opened("user:1", &kept), Some(Bytes::from(value)));
            for other in ["user:2", "user:", "user:1v", ""] {
                assert_eq!(opened(other, &kept), None, "{other}");
            }
        }
    }

    #[test]
    fn what_somebody_else_wrote_is_no_value() {
        for kept in ["", "x", "\0\u{6}user", "{\"version\":1}"] {
            assert_eq!(opened("user:1", &Bytes::from(kept)), None, "{kept}");
        }
    }
}
