//! Two equal copies of one thing: readers have the one in front while the other is changed.
//!
//! A reader never waits for a change, however long it takes; a change waits for the readers that
//! began before the last one. It costs the memory and the work twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, TryLockError};

/// A change was made by half: its thread panicked.
#[derive(Debug)]
pub(super) struct Torn;

#[derive(Debug)]
pub(super) struct Twin<T> {
    left: RwLock<T>,
    right: RwLock<T>,
    is_right_in_front: AtomicBool,
    turn: Mutex<()>,
}

impl<T: Clone> Twin<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            left: RwLock::new(value.clone()),
            right: RwLock::new(value),
            is_right_in_front: AtomicBool::new(false),
            turn: Mutex::default(),
        }
    }
}

impl<T> Twin<T> {
    /// Both copies, while nobody else has them; what is done to one is to be done to the other.
    pub(super) fn each_mut(&mut self) -> [&mut T; 2] {
        [&mut self.left, &mut self.right]
            .map(|side| side.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is in front, for as long as the reader holds it.
    pub(super) fn read(&self) -> Result<RwLockReadGuard<'_, T>, Torn> {
        loop {
            if self.turn.is_poisoned() {
                return Err(Torn);
            }
            match self.front().try_read() {
                Ok(guard) => return Ok(guard),
                Err(TryLockError::Poisoned(_)) => return Err(Torn),
                // The other one has come to the front since.
                Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
            }
        }
    }

    /// The right to change it, which one thread has at a time.
    pub(super) fn turn(&self) -> Result<Turn<'_, T>, Torn> {
        Ok(Turn { twin: self, _alone: self.turn.lock().map_err(|_| Torn)? })
    }

    fn front(&self) -> &RwLock<T> {
        self.sides().0
    }

    /// The front and the back.
    fn sides(&self) -> (&RwLock<T>, &RwLock<T>) {
        if self.is_right_in_front.load(Ordering::Acquire) {
            (&self.right, &self.left)
        } else {
            (&self.left, &self.right)
        }
    }
}

/// The right to change both copies.
#[derive(Debug)]
pub(super) struct Turn<'a, T> {
    twin: &'a Twin<T>,
    _alone: MutexGuard<'a, ()>,
}

impl<T> Turn<'_, T> {
    /// What readers have now; it does not change during the turn but by the turn itself.
    pub(super) fn read(&self) -> Result<RwLockReadGuard<'_, T>, Torn> {
        self.twin.front().read().map_err(|_| Torn)
    }

    /// Changes the back, shows it, and changes what was in front alike.
    pub(super) fn change(&self, change: impl Fn(&mut T)) -> Result<(), Torn> {
        let (front, back) = self.twin.sides();
        change(&mut *back.write().map_err(|_| Torn)?);
        let is_right_in_front = &self.twin.is_right_in_front;
        is_right_in_front.fetch_xor(true, Ordering::AcqRel);
        change(&mut *front.write().map_err(|_| Torn)?);
        Ok(())
    }
}
