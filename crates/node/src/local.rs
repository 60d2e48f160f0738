//! Reading a data directory from another command: from the process that owns its store if one
//! runs, else from the store itself.

use std::sync::Arc;

use anyhow::Context;
use tonghop_store::Store;

use crate::catalogue_dir;
use crate::closings::Closings;
use crate::compare;
use crate::folder::Folder;
use crate::http::{self, Api};
use crate::reading::Reading;
use crate::settings::Settings;
use crate::socket::{self, SocketError};
use crate::worker;

/// An answer of the reading side.
#[derive(Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Whether no process owns the store, so that it was read as it lies there.
    pub from_store: bool,
}

/// Asks a path with these query parameters.
pub async fn get(
    settings: &Settings,
    path: &str,
    query: &[(&str, Option<String>)],
) -> anyhow::Result<Answered> {
    let mut target = path.to_owned();
    let mut mark = '?';
    for (name, value) in query {
        if let Some(value) = value {
            target.push(mark);
            target += &[name, "=", &encode(value)].concat();
            mark = '&';
        }
    }
    match socket::ask(&settings.data, &target).await {
        Ok(reply) => Ok(answered(&reply, false)),
        Err(SocketError::NobodyListens { data }) => {
            let reply = http::ask(&http::router(&Api::new(open(settings)?)), &target)
                .await
                .with_context(|| data.display().to_string())?;
            Ok(answered(&reply, true))
        }
        Err(error) => Err(error.into()),
    }
}

fn answered(reply: &socket::Reply, from_store: bool) -> Answered {
    Answered { status: reply.status.as_u16(), body: reply.body.to_vec(), from_store }
}

/// Opens the store that nobody owns now.
fn open(settings: &Settings) -> anyhow::Result<Arc<Reading>> {
    let store: Store = compare::open_in_use(&settings.data).with_context(|| {
        format!("no projector runs on {}, and its store cannot be read", settings.data.display())
    })?;
    let closings = Closings::new(settings.data.clone());
    let reading = Reading::with_catalogue(catalogue_dir::load(settings)?).with_closings(closings);
    let reading = Arc::new(reading);
    worker::show(&Folder::open(store)?, &reading)?;
    Ok(reading)
}

/// A text as one part of a URL.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                for digit in [byte >> 4, byte & 15] {
                    out.extend(char::from_digit(digit.into(), 16).map(|d| d.to_ascii_uppercase()));
                }
            }
        }
    }
    out
}
