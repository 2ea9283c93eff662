use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::store::{MarkerQuery, Store, StoreConfig};
use eyrie_types::{
    By, CameraId, Clock as _, Marker, MarkerId, MarkerText, SystemClock, TenantId, TimeRange, UserId, WallTime,
};
use futures::future::try_join_all;

use super::many_cameras::make_cameras;
use super::{Summary, machine};

/// Cameras the markers are of.
const CAMERAS: usize = 1000;
/// Markers being made at one time: the store commits what waits together.
const MAKING_AT_ONCE: usize = 1000;
/// Measurements of each query.
const ROUNDS: usize = 20;
/// The time that the markers lie in: a year.
const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// Steps of a timeline as wide as a screen.
const POINTS: usize = 1000;

/// How long pages of `count` markers of 1,000 cameras over a year take in the store, by what is asked.
///
/// # Errors
/// When the store cannot be opened, written or read.
pub async fn markers(count: usize) -> anyhow::Result<String> {
    let (dir, clock, tenant) = (tempfile::tempdir()?, Arc::new(SystemClock::new()), TenantId::default_tenant());
    let cameras = make_cameras(dir.path(), CAMERAS).await?;
    let store = Store::open(StoreConfig::Sqlite { path: dir.path().join("metadata.sqlite") }, clock.clone()).await?;
    let start = WallTime::from_unix_us(1_767_225_600_000_000);
    let range = TimeRange { start, end: start + YEAR };
    let begun = clock.monotonic();
    for first in (0..count).step_by(MAKING_AT_ONCE) {
        let batch = first..count.min(first + MAKING_AT_ONCE);
        let made =
            batch.map(|number| store.create_marker(&tenant, marker(number, count, &cameras, range), By::system()));
        try_join_all(made).await?;
    }
    let making = clock.monotonic().since(begun).as_secs_f64();

    let all =
        MarkerQuery { camera: None, of_deleted: false, range, category: None, search: None, limit: 100, cursor: None };
    let of_camera = MarkerQuery { camera: cameras.get(CAMERAS / 2).copied(), ..all.clone() };
    let category = |name: &str| Some(name.to_owned());
    let asked = [
        ("the latest 100", all.clone()),
        ("by a category that every 10th has", MarkerQuery { category: category("kind-3"), ..all.clone() }),
        ("by a category that none has", MarkerQuery { category: category("none"), ..all.clone() }),
        ("by a search that every 1,000th answers", MarkerQuery { search: category("PARCEL 007 "), ..all.clone() }),
        ("by a search that none answers", MarkerQuery { search: category("nowhere"), ..all.clone() }),
        ("of one camera", of_camera.clone()),
        (
            "of one camera, by category and search",
            MarkerQuery { category: category("kind-3"), search: category("parcel"), ..of_camera.clone() },
        ),
    ];
    let mut table = format!(
        "{}\n\n{count} markers of {CAMERAS} cameras over a year, made in {making:.0} s; {ROUNDS} rounds of each.\n\n\
         | page of 100 | found on it | ms | pages to the end |\n| --- | --- | --- | --- |\n",
        machine()
    );
    for (what, query) in asked {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..ROUNDS {
            let begun = clock.monotonic();
            found = store.markers(&tenant, query.clone()).await?.items.len();
            times.push(clock.monotonic().since(begun).as_secs_f64() * 1000.0);
        }
        // Only what finds little is worth going through to its end here.
        let pages =
            if found < 100 { pages(&store, &tenant, query).await?.to_string() } else { "not counted".to_owned() };
        table.push_str(&format!("| {what} | {found} | {} | {pages} |\n", Summary::of(times)));
    }
    let mut times = Vec::new();
    let mut steps = 0;
    for _ in 0..ROUNDS {
        let begun = clock.monotonic();
        let camera = of_camera.camera.unwrap_or_else(CameraId::generate);
        steps = store.marker_steps(&tenant, camera, range, POINTS).await?.len();
        times.push(clock.monotonic().since(begun).as_secs_f64() * 1000.0);
    }
    table.push_str(&format!("| a timeline of a year of one camera | {steps} | {} | 1 |\n", Summary::of(times)));
    store.close().await?;
    Ok(table)
}

/// Pages from the first to the last.
async fn pages(store: &Store, tenant: &TenantId, mut query: MarkerQuery) -> anyhow::Result<usize> {
    for pages in 1.. {
        query.cursor = store.markers(tenant, query.clone()).await?.next_cursor;
        if query.cursor.is_none() {
            return Ok(pages);
        }
    }
    Ok(0)
}

/// Marker `number` of `count`: spread evenly over cameras and range, and made in no order of time.
fn marker(number: usize, count: usize, cameras: &[CameraId], range: TimeRange) -> Marker {
    // A step that shares no factor with round counts visits each place once.
    let place = number.wrapping_mul(7_919) % count.max(1);
    let start = range.start + range.duration().mul_f64(place as f64 / count.max(1) as f64);
    let text = MarkerText {
        start,
        end: number.is_multiple_of(2).then(|| start + Duration::from_secs(30)),
        category: format!("kind-{}", number % 10),
        title: format!("Parcel {:03} at the gate", number % 1000),
        note: number
            .is_multiple_of(4)
            .then(|| format!("Handed over to number {number}; the driver came back for a signature.")),
    };
    let at = range.start;
    Marker {
        id: MarkerId::generate(),
        camera: cameras[(number / 7) % cameras.len()],
        text,
        author: "admin".to_owned(),
        author_id: UserId::generate(),
        created_at: at,
        updated_at: at,
    }
}
