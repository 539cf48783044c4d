//! Questions several rules ask of the model, in the words rules use.
