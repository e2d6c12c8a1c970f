//! Answers that are kept in memory for as long as they hold.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Answers by question `K`, each with the state `S` that it was derived from, and
/// no more than `ROOM` of them: what people look at in all projects, with room to
/// spare. Cheap to clone.
#[derive(Debug)]
pub(super) struct Kept<K, S, V, const ROOM: usize = 256> {
    answers: Arc<Mutex<HashMap<K, (S, V)>>>,
}

// A derived `Clone` would ask it of what is kept.
impl<K, S, V, const ROOM: usize> Clone for Kept<K, S, V, ROOM> {
    fn clone(&self) -> Self {
        Self { answers: Arc::clone(&self.answers) }
    }
}

impl<K, S, V, const ROOM: usize> Default for Kept<K, S, V, ROOM> {
    fn default() -> Self {
        Self { answers: Arc::default() }
    }
}

impl<K: Eq + Hash, S: PartialEq, V: Clone, const ROOM: usize> Kept<K, S, V, ROOM> {
    /// The answer to `question` in this state: as it is kept, or else derived and
    /// kept in place of that of another state. Whoever asks meanwhile derives it
    /// too: that costs less than to let them wait for each other.
    ///
    /// # Errors
    /// What `derive` returns; nothing is kept then.
    pub(super) fn get<E>(
        &self,
        question: K,
        state: S,
        derive: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        let lock = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, answer)) = lock().get(&question)
            && *known == state
        {
            return Ok(answer.clone());
        }
        let answer = derive()?;
        let mut answers = lock();
        if answers.len() >= ROOM && !answers.contains_key(&question) {
            answers.clear();
        }
        answers.insert(question, (state, answer.clone()));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_derived_once_for_each_state() {
        let kept = Kept::<_, _, _>::default();
        let asked = |question, state, answer| {
            let mut was_derived = false;
            let derive = || {
                was_derived = true;
                Ok::<_, ()>(answer)
            };
            let answer = kept.get(question, state, derive);
            (answer.unwrap(), was_derived)
        };
        assert_eq!(asked("a", 1, 10), (10, true));
        assert_eq!(asked("a", 1, 11), (10, false));
        assert_eq!(asked("b", 1, 20), (20, true));
        assert_eq!(asked("a", 2, 12), (12, true));
        assert_eq!(asked("a", 2, 13), (12, false));
        // Of each question there is one answer, that of the last state.
        assert_eq!(asked("a", 1, 14), (14, true));
    }

    #[test]
    fn a_failure_is_not_kept() {
        let kept = Kept::<_, _, _>::default();
        assert_eq!(kept.get("a", 1, || Err("busy")), Err("busy"));
        assert_eq!(kept.get("a", 1, || Ok::<_, &str>(10)), Ok(10));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let kept = Kept::<_, _, _, 4>::default();
        for question in 0..40 {
            kept.get(question, (), || Ok::<_, ()>(())).unwrap();
            assert!(kept.answers.lock().unwrap().len() <= 4);
        }
    }
}
