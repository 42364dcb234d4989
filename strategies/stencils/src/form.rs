//! What is made of a function's nodes: the product, and the control experiment.

/// What is done besides copying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Loops begin where a cache line or its half does.
    pub aligned: bool,
    /// Slots of functions with loops live in registers.
    pub pins: bool,
    /// Small numbers are in the code.
    pub numbers: bool,
}

/// Copies alone.
pub(crate) const PLAIN: Form = Form {
    aligned: false,
    pins: false,
    numbers: false,
};

/// All there is.
pub(crate) const PRODUCT: Form = Form {
    aligned: true,
    pins: true,
    numbers: true,
};
