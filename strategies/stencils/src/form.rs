//! What is made of a function's nodes: the product, and the control experiment.

/// What is done besides copying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Loops begin where a cache line or its half does.
    pub aligned: bool,
}

/// Copies alone.
pub(crate) const PLAIN: Form = Form { aligned: false };

/// All there is.
pub(crate) const PRODUCT: Form = Form { aligned: true };
