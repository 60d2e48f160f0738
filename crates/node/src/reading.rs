//! The view that is shown now: none until the store is open, another after a rebuild.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tonghop_core::catalogue::Catalogue;
use tonghop_wire::CatalogueError;

use crate::closings::Closings;
use crate::explain::Explaining;
use crate::gateway::Gateway;
use crate::refusals::Refusals;
use crate::replay::Earlier;
use crate::view::View;

/// Where readers find the view.
#[derive(Debug)]
pub struct Reading {
    catalogue: RwLock<Arc<Catalogue>>,
    view: RwLock<Option<Arc<View>>>,
    earlier: Option<Arc<Earlier>>,
    refusals: Option<Arc<Refusals>>,
    gateway: Option<Arc<Gateway>>,
    closings: Option<Arc<Closings>>,
    sealed_log: Option<PathBuf>,
    explaining: Option<Arc<Explaining>>,
}

impl Reading {
    /// Nothing to see yet; the catalogue is that of this program.
    pub fn new() -> Result<Self, CatalogueError> {
        Ok(Self::with_catalogue(tonghop_wire::catalogue()?))
    }

    /// Nothing to see yet; the catalogue is this one.
    pub fn with_catalogue(catalogue: Catalogue) -> Self {
        let catalogue = RwLock::new(Arc::new(catalogue));
        Self {
            catalogue,
            view: RwLock::new(None),
            earlier: None,
            refusals: None,
            gateway: None,
            closings: None,
            sealed_log: None,
            explaining: None,
        }
    }

    /// The same, able to show earlier positions of the log.
    #[must_use]
    pub fn with_earlier(self, earlier: Earlier) -> Self {
        Self { earlier: Some(Arc::new(earlier)), ..self }
    }

    /// The same, able to show what was refused.
    #[must_use]
    pub fn with_refusals(self, refusals: Refusals) -> Self {
        Self { refusals: Some(Arc::new(refusals)), ..self }
    }

    /// The same, able to show the events behind a figure.
    #[must_use]
    pub fn with_explaining(self, explaining: Explaining) -> Self {
        Self { explaining: Some(Arc::new(explaining)), ..self }
    }

    /// The same, able to publish.
    #[must_use]
    pub fn with_gateway(self, gateway: Gateway) -> Self {
        Self { gateway: Some(Arc::new(gateway)), ..self }
    }

    /// The same, able to show what was published.
    #[must_use]
    pub fn with_closings(self, closings: Closings) -> Self {
        Self { closings: Some(Arc::new(closings)), ..self }
    }

    /// What was published, if this process has the data directory.
    pub fn closings(&self) -> Option<Arc<Closings>> {
        self.closings.clone()
    }

    /// The same, able to show the sealed log of this data directory.
    #[must_use]
    pub fn with_sealed_log(self, data: &Path) -> Self {
        Self { sealed_log: Some(data.join("archive").join("log")), ..self }
    }

    /// Where the sealed log is, if this process shows it.
    pub fn sealed_log(&self) -> Option<&Path> {
        self.sealed_log.as_deref()
    }

    /// How events are published, if this process has the log.
    pub fn gateway(&self) -> Option<Arc<Gateway>> {
        self.gateway.clone()
    }

    /// How the events behind a figure are shown, if this process has the log.
    pub fn explaining(&self) -> Option<Arc<Explaining>> {
        self.explaining.clone()
    }

    /// How what was refused is shown, if this process has the log.
    pub fn refusals(&self) -> Option<Arc<Refusals>> {
        self.refusals.clone()
    }

    /// How earlier positions of the log are shown, if this process has the log.
    pub fn earlier(&self) -> Option<Arc<Earlier>> {
        self.earlier.clone()
    }

    /// The indicators, forms and calendars.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another catalogue in the place of this one, for the view that is shown too.
    pub fn replace_catalogue(&self, catalogue: Arc<Catalogue>) {
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&catalogue);
        if let Some(view) = self.view() {
            view.replace_catalogue(catalogue);
        }
    }

    /// Shows a view in place of the one before.
    pub fn show(&self, view: Arc<View>) {
        let mut shown = self.view.write().unwrap_or_else(PoisonError::into_inner);
        // It may have been made before the catalogue was changed.
        view.replace_catalogue(self.catalogue());
        *shown = Some(view);
    }

    /// Takes the view away, so that the store can be opened again.
    pub fn hide(&self) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The view, if there is one.
    pub fn view(&self) -> Option<Arc<View>> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
