//! Declares functions for C, and keeps what the header says of them.

/// A function as the header has it.
pub(crate) struct Declaration {
    pub doc: &'static str,
    pub name: &'static str,
    /// Name and Rust type of each parameter.
    pub params: &'static [(&'static str, &'static str)],
    /// The Rust type of the result; empty if there is none.
    pub result: &'static str,
}

/// Functions for C. `DECLARATIONS` has them for the header, in this order.
macro_rules! functions {
    ($($(#[doc = $doc:literal])* fn $name:ident($($param:ident: $ty:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {
        $(
            $(#[doc = $doc])*
            // SAFETY: the name is one of the C API's, which no other crate defines.
            #[allow(unsafe_code)]
            #[unsafe(no_mangle)]
            pub extern "C" fn $name($($param: $ty),*) $(-> $result)? $body
        )*

        pub(crate) const DECLARATIONS: &[$crate::declare::Declaration] = &[
            $($crate::declare::Declaration {
                doc: concat!($($doc),*),
                name: stringify!($name),
                params: &[$((stringify!($param), stringify!($ty))),*],
                result: concat!($(stringify!($result))?),
            }),*
        ];
    };
}

/// The functions of lists, which all kinds have.
macro_rules! lists {
    ($($list:ident of $element:ty: $empty:ident $uninitialized:ident $new:ident $copy:ident $delete:ident;)*) => {
        functions! {
            $(
                fn $empty(out: Out<$list>) {
                    list::new_empty(out)
                }
                fn $uninitialized(out: Out<$list>, size: usize) {
                    list::new_uninitialized(out, size)
                }
                fn $new(out: Out<$list>, size: usize, data: *const $element) {
                    list::new(out, size, data)
                }
                fn $copy(out: Out<$list>, list: Option<&$list>) {
                    list::copy(out, list)
                }
                fn $delete(list: Option<&mut $list>) {
                    list::delete(list)
                }
            )*
        }
    };
}
