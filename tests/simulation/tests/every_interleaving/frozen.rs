//! Values of the product inside a state: compared and hashed by their text, which is made once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use serde::Serialize;

/// A value that does not change any more.
pub struct Frozen<T>(Rc<Inner<T>>);

struct Inner<T> {
    value: T,
    text: String,
    hash: u64,
}

impl<T: Serialize> Frozen<T> {
    pub fn new(value: T) -> Self {
        let text = serde_json::to_string(&value).expect("a value that is stored as JSON");
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self(Rc::new(Inner { value, text, hash: hasher.finish() }))
    }
}

impl<T> Deref for Frozen<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> Clone for Frozen<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> PartialEq for Frozen<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || (self.0.hash == other.0.hash && self.0.text == other.0.text)
    }
}

impl<T> Eq for Frozen<T> {}

impl<T> Hash for Frozen<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}
