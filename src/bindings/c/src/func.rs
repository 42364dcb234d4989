//! Functions: of C's, and calls of any.

use std::ffi::c_void;
use std::rc::Rc;

use wasm_dispatch::{ExternType, HostError, HostFunction, ReentrantCaller, Value};

use crate::engine::wasm_store_t;
use crate::kind::Kind;
use crate::list::{Element, List};
use crate::refs::{wasm_func_t, wasm_ref_t, wasm_trap_t};
use crate::store::{Finalizer, Info, Inner, Local, Store};
use crate::trap::{trap, trap_of};
use crate::types::{wasm_externtype_t, wasm_functype_t};
use crate::value::{wasm_val_t, wasm_val_vec_t};

/// A function of C's.
pub type wasm_func_callback_t =
    Option<extern "C" fn(args: &wasm_val_vec_t, results: &mut wasm_val_vec_t) -> Option<Box<wasm_trap_t>>>;
/// A function of C's with something to work on.
pub type wasm_func_callback_with_env_t = Option<
    extern "C" fn(env: *mut c_void, args: &wasm_val_vec_t, results: &mut wasm_val_vec_t) -> Option<Box<wasm_trap_t>>,
>;

/// What a function of C's is called with.
type Callback = dyn Fn(&wasm_val_vec_t, &mut wasm_val_vec_t) -> Option<Box<wasm_trap_t>>;

/// Makes a function of C's.
fn host(store: &Rc<Store>, ty: &wasm_functype_t, callback: Box<Callback>) -> Option<Box<wasm_func_t>> {
    let ExternType::Func(ty) = &ty.ty else { return None };
    let inner = Local::new((Rc::downgrade(store), callback, ty.results.clone()));
    let function = HostFunction::dynamic_reentrant(ty.clone(), move |caller, arguments| {
        let (store, callback, results) = inner.get();
        let zeros = results.iter().map(|&ty| wasm_val_t::zero(ty)).collect();
        call_host(store, caller, arguments, &**callback, zeros)
    });
    let func = store.with(|vm| vm.host_func(&function));
    wasm_ref_t::new(store, Kind::Func(func))
}

fn call_host(
    store: &Inner,
    caller: &mut ReentrantCaller<'_>,
    arguments: &[Value],
    callback: &Callback,
    zeros: Vec<wasm_val_t>,
) -> Result<Vec<Value>, HostError> {
    let store = store.upgrade().ok_or("the store is gone")?;
    let values: Option<Vec<wasm_val_t>> = arguments.iter().map(|&value| wasm_val_t::new(value, &store)).collect();
    let mut arguments = List::new(values.ok_or("a vector cannot be given to C")?);
    let mut results = List::new(zeros);
    let trap = store.lend(caller, || callback(&arguments, &mut results));
    arguments.take().into_iter().for_each(Element::delete);
    let results = results.take();
    let values = results
        .iter()
        .map(|value| value.value(&store))
        .collect::<Option<Vec<Value>>>();
    results.into_iter().for_each(Element::delete);
    match trap.map(|trap| trap.kind) {
        None => Ok(values.ok_or("a host function returned something that is no value of this store")?),
        Some(Kind::Trap(reason)) => Err(reason.message.clone().into()),
        Some(_) => Err("a host function returned something that is no trap".into()),
    }
}

fn call(func: &wasm_func_t, arguments: &wasm_val_vec_t, results: &mut wasm_val_vec_t) -> Option<Box<wasm_trap_t>> {
    // Whatever is deleted meanwhile, the machine stays until the call is done.
    let store = func.store.clone();
    let values = arguments
        .elements()
        .iter()
        .map(|value| value.value(&store))
        .collect::<Option<Vec<Value>>>();
    let (Some(callee), Some(values)) = (func.func(), values) else {
        return trap(&store, "the arguments are no values of this store");
    };
    let wanted = store.with(|vm| vm.func_type(callee).map_or(0, |ty| ty.results.len()));
    if wanted != results.len() {
        return trap(&store, format!("{wanted} results, and room for {}", results.len()));
    }
    let returned = match store.with(|vm| vm.call_func(callee, &values)) {
        Ok(returned) => returned,
        Err(error) => return trap_of(&store, &error),
    };
    let returned: Option<Vec<wasm_val_t>> = returned
        .into_iter()
        .map(|value| wasm_val_t::new(value, &store))
        .collect();
    let Some(returned) = returned else {
        return trap(&store, "a vector cannot be given to C");
    };
    results.fill(returned);
    None
}

fn func_type(func: Option<&wasm_func_t>) -> Option<wasm_functype_t> {
    let func = func?;
    let callee = func.func()?;
    let ty = func.store.with(|vm| vm.func_type(callee).cloned()).ok()?;
    Some(wasm_externtype_t::new(ExternType::Func(ty)))
}

fn arity(func: Option<&wasm_func_t>, count: impl Fn(&wasm_dispatch::FuncType) -> usize) -> usize {
    match func_type(func).as_ref().map(|ty| &ty.ty) {
        Some(ExternType::Func(ty)) => count(ty),
        _ => 0,
    }
}

functions! {
    fn wasm_func_new(store: Option<&wasm_store_t>, ty: Option<&wasm_functype_t>, callback: wasm_func_callback_t) -> Option<Box<wasm_func_t>> {
        let callback = callback?;
        host(&store?.0, ty?, Box::new(move |arguments, results| callback(arguments, results)))
    }
    /// The finalizer is called with `env` when the store ends.
    fn wasm_func_new_with_env(store: Option<&wasm_store_t>, ty: Option<&wasm_functype_t>, callback: wasm_func_callback_with_env_t, env: *mut c_void, finalizer: Finalizer) -> Option<Box<wasm_func_t>> {
        let callback = callback?;
        let (store, ty) = (store?, ty?);
        let env = Info::new(env, finalizer);
        host(&store.0, ty, Box::new(move |arguments, results| callback(env.data(), arguments, results)))
    }
    fn wasm_func_type(func: Option<&wasm_func_t>) -> Option<Box<wasm_functype_t>> {
        func_type(func).map(Box::new)
    }
    fn wasm_func_param_arity(func: Option<&wasm_func_t>) -> usize {
        arity(func, |ty| ty.params.len())
    }
    fn wasm_func_result_arity(func: Option<&wasm_func_t>) -> usize {
        arity(func, |ty| ty.results.len())
    }
    /// Calls a function. Null if it returned; the results are set then, and only then.
    fn wasm_func_call(func: Option<&wasm_func_t>, args: Option<&wasm_val_vec_t>, results: Option<&mut wasm_val_vec_t>) -> Option<Box<wasm_trap_t>> {
        let (empty, mut none) = (List::new(Vec::new()), List::new(Vec::new()));
        call(func?, args.unwrap_or(&empty), results.unwrap_or(&mut none))
    }
}
