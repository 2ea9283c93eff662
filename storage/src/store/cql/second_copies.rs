use eyrie_types::{CameraId, Placement, SegmentId, TenantId, TimeRange, WallTime};

use super::cells::{Cells, cells};
use super::cql::{Cql, Walk};
use crate::store::{SECOND_COPIES_MAX, SEGMENT_SPAN_MAX, SecondCopy, StoreError};

const COPY: &str = "second copy";

macro_rules! columns {
    () => {
        "tenant, camera, slot, epoch, segment, start_us, node, disk, numbers, runs, bytes"
    };
}

impl Cql {
    pub(in crate::store) async fn put_second_copy(&self, copy: SecondCopy) -> Result<(), StoreError> {
        let cql = self.clone();
        self.whole(async move {
            let (numbers, runs, reach) = (copy.encoded_numbers()?, copy.encoded_runs()?, copy.reach());
            let SecondCopy { placement, segment, start, node, disk, bytes, .. } = copy;
            let Placement { tenant, camera, slot, epoch } = placement;
            let text = "INSERT INTO second_copies (tenant, camera, day, segment, node, start_us, slot, epoch, disk,
                          numbers, runs, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
            let mut values = cells![tenant, camera, start.utc_day(), segment, node, start, slot, epoch, disk];
            values.extend(cells![numbers, runs, bytes]);
            cql.run(text, values).await?;
            cql.forget_rollups(&tenant, camera, reach).await
        })
        .await
    }

    pub(in crate::store) async fn second_copies(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<SecondCopy>, StoreError> {
        let earliest = range.start - SEGMENT_SPAN_MAX;
        let mut copies = Vec::new();
        for day in self.days_within(tenant, camera, earliest, range.end).await? {
            let text =
                concat!("SELECT ", columns!(), " FROM second_copies WHERE tenant = ? AND camera = ? AND day = ?");
            self.walk(COPY, text, cells![tenant, camera, day], |row| {
                let copy = read(row)?;
                if (earliest..range.end).contains(&copy.start) {
                    copies.push(copy);
                }
                Ok(if copies.len() > SECOND_COPIES_MAX { Walk::Enough } else { Walk::On })
            })
            .await?;
            if copies.len() > SECOND_COPIES_MAX {
                return Err(StoreError::TooMany { what: "second copies in the range", max: SECOND_COPIES_MAX });
            }
        }
        Ok(copies)
    }

    pub(in crate::store) async fn second_copies_of(
        &self,
        placement: &Placement,
        start: WallTime,
        segment: SegmentId,
    ) -> Result<Vec<SecondCopy>, StoreError> {
        let text = concat!(
            "SELECT ",
            columns!(),
            " FROM second_copies WHERE tenant = ? AND camera = ? AND day = ? AND segment = ?"
        );
        let key = cells![placement.tenant, placement.camera, start.utc_day(), segment];
        self.all(COPY, text, key, read).await
    }

    pub(in crate::store) async fn remove_second_copy(&self, copy: SecondCopy) -> Result<(), StoreError> {
        let cql = self.clone();
        self.whole(async move {
            let Placement { tenant, camera, .. } = &copy.placement;
            let text = "DELETE FROM second_copies WHERE tenant = ? AND camera = ? AND day = ? AND segment = ?
                        AND node = ?";
            cql.run(text, cells![tenant, camera, copy.start.utc_day(), copy.segment, copy.node]).await?;
            cql.forget_rollups(tenant, *camera, copy.reach()).await
        })
        .await
    }
}

fn read(mut row: Cells) -> Result<SecondCopy, StoreError> {
    let copy = SecondCopy {
        placement: Placement { tenant: row.get(0)?, camera: row.get(1)?, slot: row.get(2)?, epoch: row.get(3)? },
        segment: row.get(4)?,
        start: row.get(5)?,
        node: row.get(6)?,
        disk: row.get(7)?,
        numbers: Vec::new(),
        runs: Vec::new(),
        bytes: row.get(10)?,
    };
    copy.decoded(&row.get::<Vec<u8>>(8)?, &row.get::<Vec<u8>>(9)?)
}
