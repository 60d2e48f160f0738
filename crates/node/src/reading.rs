//! The view that is shown now: none until the store is open, another after a rebuild.

use std::sync::{Arc, PoisonError, RwLock};

use tonghop_core::catalogue::Catalogue;
use tonghop_wire::CatalogueError;

use crate::view::View;

/// Where readers find the view.
#[derive(Debug)]
pub struct Reading {
    catalogue: Arc<Catalogue>,
    view: RwLock<Option<Arc<View>>>,
}

impl Reading {
    /// Nothing to see yet; the catalogue is that of this program.
    pub fn new() -> Result<Self, CatalogueError> {
        Ok(Self { catalogue: Arc::new(tonghop_wire::catalogue()?), view: RwLock::new(None) })
    }

    /// The indicators, forms and calendars.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Shows a view in place of the one before.
    pub fn show(&self, view: Arc<View>) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Some(view);
    }

    /// The view, if there is one.
    pub fn view(&self) -> Option<Arc<View>> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
