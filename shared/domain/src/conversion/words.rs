//! The words a conversion is stored and shown in.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A stored word nobody here wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown word `{0}`")]
pub struct UnknownWord(pub String);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word that is stored and shown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            /// # Errors
            /// When no such word exists.
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word).ok_or_else(|| UnknownWord(word.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words!(
    /// Which way a run goes.
    Kind {
        /// User ids become e-mail addresses.
        Convert = "convert",
        /// What a run converted goes back.
        Undo = "undo",
    }
);

words!(
    /// Who asks for a user.
    Source {
        /// A directory, with a `userName` in what it writes or looks for.
        Scim = "scim",
        /// Whoever signs in, or vouches for somebody who does.
        Sso = "sso",
    }
);

words!(
    /// Where a run stands. `planning`, `running` and `cancelling` are worked on; a run that is over never changes again.
    State {
        /// The plan is being made. Nothing is changed.
        Planning = "planning",
        /// The plan is there, to be looked at. Nothing is changed.
        Planned = "planned",
        /// User ids are being rewritten (or it waits for a named reason).
        Running = "running",
        /// An operator, or a guard, stopped it, or the making of its plan. It can go on.
        Paused = "paused",
        /// It ended after its last phase.
        Finished = "finished",
        /// It was ended before. What was converted stays so and can be undone.
        Cancelled = "cancelled",
        /// A newer plan took its place before it was started.
        Superseded = "superseded",
    }
);

impl State {
    /// Whether a worker has something to do.
    #[must_use]
    pub const fn is_worked_on(self) -> bool {
        matches!(self, Self::Planning | Self::Running)
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled | Self::Superseded)
    }
}

words!(
    /// What a run is doing, in this order.
    Phase {
        /// Users are read and judged one by one.
        Read = "read",
        /// They are judged among each other.
        Contest = "contest",
        /// The plan is made.
        Ready = "ready",
        /// Old user ids are made aliases, before anyone needs them.
        Aliases = "aliases",
        /// Users, in the order of the plan.
        Users = "users",
        /// Chains, their heads first, and rings.
        Ordered = "ordered",
        /// Users that were locked, changed or created meanwhile.
        Sweep = "sweep",
        /// The platform's columns that hold user ids as text.
        References = "references",
        /// What is there is held against the journal.
        Verify = "verify",
        /// Nothing is left to do.
        Done = "done",
    }
);

impl Phase {
    /// Whether the plan is being made, and nobody is changed.
    #[must_use]
    pub const fn is_of_plan(self) -> bool {
        matches!(self, Self::Read | Self::Contest)
    }
}

words!(
    /// Where an item stands.
    ItemState {
        /// It is to be converted; or, when the cursor of the run has passed it, it is converted.
        Todo = "todo",
        /// The sweep has to look at it.
        Again = "again",
        /// It is converted.
        Done = "done",
        /// It stays as it is; the code says why.
        Left = "left",
        /// It was converted, and went back.
        Undone = "undone",
    }
);

words!(
    /// Why an item is what it is.
    Code {
        /// Gets its e-mail address as user id.
        Convert = "convert",
        /// As `convert`; the blanks around the address were left off.
        Trimmed = "trimmed",
        /// As `convert`; the address is not in a domain the account was said to own.
        ForeignDomain = "foreign_domain",
        /// As `convert`; another address differs only in what follows a plus sign.
        NearDup = "near_dup",
        /// As `convert`, once the present owner of the new user id has moved.
        Chain = "chain",
        /// As `convert`, together with the others of a ring of users who each have the next one's address as user id.
        Cycle = "cycle",
        /// The user id is the address.
        Already = "already",
        /// The user id is the address but for upper and lower case. Kept as it is.
        CaseOnly = "case_only",
        /// Another user has the same address.
        DupEmail = "dup_email",
        /// Another user, who stays, signs in with the address.
        Taken = "taken",
        /// The address is an alias of another user.
        AliasTaken = "alias_taken",
        /// There is no address.
        NoEmail = "no_email",
        /// The address is none.
        BadEmail = "bad_email",
        /// The address is longer than an address may be.
        TooLong = "too_long",
        /// The address has letters outside ASCII, which can look like others: somebody should look at it first.
        UnicodeReview = "unicode_review",
        /// The address is not in a domain the account was said to own, and such were to be left.
        ForeignLeft = "foreign_left",
        /// A mailbox of a role, a service account, or one that was named to be left out.
        Excluded = "excluded",
        /// User id or address were changed while the run was under way.
        Changed = "changed",
        /// A directory gave the user its new user id while the run was under way.
        ScimLinked = "scim_linked",
        /// The user was deleted while the run was under way.
        Gone = "gone",
        /// Somebody held the user's row until the run gave up.
        Locked = "locked",
        /// Not undone: somebody else has the old user id now.
        UndoTaken = "undo_taken",
        /// Not undone: the user id was changed after the conversion.
        UndoChanged = "undo_changed",
    }
);

impl Code {
    /// Whether a plan that gives this code means to convert the user.
    #[must_use]
    pub const fn converts(self) -> bool {
        matches!(self, Self::Convert | Self::Trimmed | Self::ForeignDomain | Self::NearDup | Self::Chain | Self::Cycle)
    }

    /// Whether somebody should look at it: not converted, and not because it needs no conversion.
    #[must_use]
    pub const fn is_exception(self) -> bool {
        !self.converts() && !matches!(self, Self::Already | Self::CaseOnly | Self::ScimLinked | Self::Excluded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        assert!(Code::ALL.iter().all(|code| code.as_str().parse() == Ok(*code)));
        assert!(State::ALL.iter().all(|state| state.as_str().parse() == Ok(*state)));
        assert_eq!("sleeping".parse::<State>(), Err(UnknownWord("sleeping".into())));
        assert_eq!(serde_json::to_value(Code::DupEmail).ok(), Some("dup_email".into()));
    }
}
