/// Defines each rule once: its name and its promise.
macro_rules! rules {
    ($($rule:ident: $promise:literal;)+) => {
        /// A rule of the suite.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = concat!("Promise: ", $promise, ".")] $rule,)+
        }

        impl Rule {
            /// All rules, in the order of their checks.
            pub const ALL: &[Self] = &[$(Self::$rule,)+];

            /// Returns the promise of a store that satisfies this rule.
            #[must_use]
            pub const fn promise(self) -> &'static str {
                match self {
                    $(Self::$rule => $promise,)+
                }
            }
        }
    };
}

rules! {
    Cost: "a request is charged as many units as it costs, and denied if fewer remain";
    AllOrNone: "a request that a policy denies is charged to no policy";
    Peek: "a peek returns the decision of an acquire, and charges nothing";
    Refund: "a refund restores the units of its charge that have not been restored yet, and no others";
    Reset: "a reset restores all units of the key under the given policies, and no others";
    Expiry: "used units are restored at the time that was reported, and not earlier";
    PolicyChange: "a policy whose numbers change keeps the used units, and any other policy starts with none";
    Agreement: "all answers are those of a plain model, for random policies, costs, operations and times";
    Concurrency: "exactly the quota is admitted to concurrent requests";
    Drops: "an answer that is dropped leaves whole charges or none, and the refund is made";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_docs_names_every_rule_and_its_promise() {
        let docs = include_str!("../conformance.rs");
        for rule in Rule::ALL {
            let row = format!("//! | [`{rule:?}`](Rule::{rule:?}) | {} |\n", rule.promise());
            assert!(docs.contains(&row), "{row}");
        }
    }
}
