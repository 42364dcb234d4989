//! The machine behind a store, lent to one function at a time.

#![allow(unsafe_code)]

use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::rc::{Rc, Weak};

use wasm_dispatch::{ExternRef, ReentrantCaller, Vm};

use crate::kind::{Identity, Kind};

/// Ends something of C's.
pub type Finalizer = Option<extern "C" fn(*mut c_void)>;

/// Something of C's that is kept beside something of ours.
pub(crate) struct Info {
    data: *mut c_void,
    finalizer: Finalizer,
}

impl Info {
    pub fn new(data: *mut c_void, finalizer: Finalizer) -> Info {
        Info { data, finalizer }
    }

    pub fn data(&self) -> *mut c_void {
        self.data
    }
}

impl Drop for Info {
    fn drop(&mut self) {
        if let Some(finalizer) = self.finalizer {
            finalizer(self.data);
        }
    }
}

/// A machine and what C keeps with it.
pub(crate) struct Store {
    vm: UnsafeCell<Vm>,
    /// The same machine, as the host function that runs has it; null while none does.
    lent: Cell<*mut Vm>,
    /// What external references in the machine stand for, by their number.
    externs: RefCell<Externs>,
    /// The host's information about what is in the machine.
    infos: RefCell<HashMap<Identity, Info>>,
}

#[derive(Default)]
struct Externs {
    kinds: Vec<Kind>,
    numbers: HashMap<Identity, u32>,
}

impl Store {
    pub fn new(vm: Vm) -> Rc<Store> {
        Rc::new(Store {
            vm: UnsafeCell::new(vm),
            lent: Cell::new(ptr::null_mut()),
            externs: RefCell::default(),
            infos: RefCell::default(),
        })
    }

    /// Uses the machine.
    pub fn with<R>(&self, use_it: impl FnOnce(&mut Vm) -> R) -> R {
        let lent = self.lent.get();
        let vm = if lent.is_null() { self.vm.get() } else { lent };
        // SAFETY: no other reference to the machine is in use. A store is used by one thread, says C, and has no `Sync`. Within `use_it`
        // only a host function can come here again, and then `lend` has left the reference that the running call gave it.
        unsafe { use_it(&mut *vm) }
    }

    /// Makes [`Store::with`] use the machine that a host function was given, while it runs.
    pub fn lend<R>(&self, caller: &mut ReentrantCaller<'_>, run: impl FnOnce() -> R) -> R {
        let before = self.lent.replace(caller.vm_mut());
        let result = run();
        self.lent.set(before);
        result
    }

    /// A reference for the machine to something that C has.
    pub fn extern_ref(&self, kind: &Kind) -> ExternRef {
        let mut externs = self.externs.borrow_mut();
        let next = externs.kinds.len() as u32;
        let number = *externs.numbers.entry(kind.identity()).or_insert(next);
        if number == next {
            externs.kinds.push(kind.clone());
        }
        ExternRef(number)
    }

    /// What a reference in the machine stands for.
    pub fn referred(&self, reference: ExternRef) -> Option<Kind> {
        self.externs.borrow().kinds.get(reference.0 as usize).cloned()
    }

    pub fn info(&self, identity: Identity) -> *mut c_void {
        self.infos.borrow().get(&identity).map_or(ptr::null_mut(), Info::data)
    }

    pub fn set_info(&self, identity: Identity, info: Info) {
        let before = self.infos.borrow_mut().insert(identity, info);
        // Its finalizer may come here again.
        drop(before);
    }
}

/// Something that belongs to one thread, inside a host function that the library lets other threads call.
pub(crate) struct Local<T>(T);

// SAFETY: C promises that a store is used by one thread at a time; a host function is called, and ended, by that thread only.
unsafe impl<T> Send for Local<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Local<T> {}

impl<T> Local<T> {
    pub fn new(item: T) -> Local<T> {
        Local(item)
    }

    pub fn get(&self) -> &T {
        &self.0
    }
}

/// A store, from the inside.
pub(crate) type Inner = Weak<Store>;
