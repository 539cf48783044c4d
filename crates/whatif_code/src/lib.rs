//! Source readers: one language-neutral program, lowered into flows.
