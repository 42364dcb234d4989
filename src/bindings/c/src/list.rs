//! Lists as C has them: a size and a pointer. Those of pointers own what they point to.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr;

/// Where a function leaves a result.
pub type Out<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// A list: its elements were allocated here, or there are none.
#[repr(C)]
pub struct List<T> {
    size: usize,
    data: *mut T,
}

/// What lists hold.
pub trait Element: Sized {
    /// What elements are that nobody has set.
    fn unset() -> Self;
    /// Another that is the same.
    fn copy(&self) -> Self;
    /// Ends it.
    fn delete(self);
}

impl Element for u8 {
    fn unset() -> u8 {
        0
    }

    fn copy(&self) -> u8 {
        *self
    }

    fn delete(self) {}
}

/// An owned pointer, null if nobody has set it.
impl<T: Clone> Element for Option<Box<T>> {
    fn unset() -> Self {
        None
    }

    fn copy(&self) -> Self {
        self.clone()
    }

    fn delete(self) {}
}

impl<T: Element> List<T> {
    /// A list with these elements.
    pub fn new(elements: Vec<T>) -> List<T> {
        if elements.is_empty() {
            let data = ptr::null_mut();
            return List { size: 0, data };
        }
        let elements = Box::leak(elements.into_boxed_slice());
        List {
            size: elements.len(),
            data: elements.as_mut_ptr(),
        }
    }

    /// The elements.
    pub fn elements(&self) -> &[T] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: C promises that a list has as many elements as it says, and lends it for the call.
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        if self.data.is_null() { 0 } else { self.size }
    }

    /// Sets elements, as far as the list goes, without looking at what is there: C need not have set that.
    pub fn fill(&mut self, elements: Vec<T>) {
        for (index, element) in elements.into_iter().take(self.len()).enumerate() {
            // SAFETY: C promises that a list has room for as many elements as it says.
            unsafe { self.data.add(index).write(element) };
        }
    }

    /// Takes the elements, and leaves an empty list.
    pub fn take(&mut self) -> Vec<T> {
        let (size, data) = (self.size, self.data);
        (self.size, self.data) = (0, ptr::null_mut());
        if data.is_null() || size == 0 {
            return Vec::new();
        }
        // SAFETY: C promises that a list that it gives away was made by one of the functions here, which leave the elements in a
        // box of exactly this size (`List::new`).
        unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(data, size)) }.into_vec()
    }
}

/// `.._vec_new_empty`
pub(crate) fn new_empty<T: Element>(out: Out<'_, List<T>>) {
    set(out, Vec::new());
}

/// `.._vec_new_uninitialized`: elements are zero or null.
pub(crate) fn new_uninitialized<T: Element>(out: Out<'_, List<T>>, size: usize) {
    let mut elements = Vec::new();
    // Without the memory, a list of none.
    if elements.try_reserve_exact(size).is_ok() {
        elements.resize_with(size, T::unset);
    }
    set(out, elements);
}

/// `.._vec_new`: takes over the elements of an array.
pub(crate) fn new<T: Element>(out: Out<'_, List<T>>, size: usize, elements: *const T) {
    let mut taken = Vec::new();
    if !elements.is_null() && taken.try_reserve_exact(size).is_ok() {
        // SAFETY: C promises that the array has as many elements as it says, and gives them away: each is read once.
        taken.extend((0..size).map(|index| unsafe { elements.add(index).read() }));
    }
    set(out, taken);
}

/// `.._vec_copy`
pub(crate) fn copy<T: Element>(out: Out<'_, List<T>>, list: Option<&List<T>>) {
    set(
        out,
        list.map_or(Vec::new(), |list| list.elements().iter().map(T::copy).collect()),
    );
}

/// `.._vec_delete`
pub(crate) fn delete<T: Element>(list: Option<&mut List<T>>) {
    if let Some(list) = list {
        list.take().into_iter().for_each(T::delete);
    }
}

/// Leaves a list with these elements.
pub(crate) fn set<T: Element>(out: Out<'_, List<T>>, elements: Vec<T>) {
    match out {
        Some(out) => {
            out.write(List::new(elements));
        }
        None => elements.into_iter().for_each(T::delete),
    }
}
