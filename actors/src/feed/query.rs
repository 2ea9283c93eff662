use std::fmt;

use eyrie_types::{CameraId, Epoch, TenantId};

/// What a node asks another for: `/feed/{tenant}/{camera}`, and `?after={epoch}.{number}` of the last unit it got, where the
/// connection was lost on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedQuery {
    pub(crate) tenant: TenantId,
    pub(crate) camera: CameraId,
    pub(crate) after: Option<(Epoch, u64)>,
}

impl FeedQuery {
    /// The prefix that the media link knows feeds by.
    pub(crate) const PREFIX: &'static str = "feed";

    /// Reads what [`fmt::Display`] wrote; `None` for anything else.
    pub(crate) fn parse(path: &str, query: Option<&str>) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let (prefix, tenant, camera) = (parts.next()?, parts.next()?, parts.next()?);
        if prefix != Self::PREFIX || parts.next().is_some() {
            return None;
        }
        let after = match query {
            Some(query) => {
                let (epoch, number) = query.strip_prefix("after=")?.split_once('.')?;
                Some((Epoch::from_u64(epoch.parse().ok()?)?, number.parse().ok()?))
            }
            None => None,
        };
        Some(Self { tenant: tenant.parse().ok()?, camera: camera.parse().ok()?, after })
    }
}

impl fmt::Display for FeedQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}/{}", Self::PREFIX, self.tenant, self.camera)?;
        match self.after {
            Some((epoch, number)) => write!(f, "?after={epoch}.{number}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_read_and_nothing_else() {
        let (tenant, camera) = (TenantId::default_tenant(), CameraId::generate());
        for after in [None, Some((Epoch::new(1, 7).unwrap(), u64::MAX))] {
            let query = FeedQuery { tenant: tenant.clone(), camera, after };
            let text = query.to_string();
            let (path, rest) = text.split_once('?').map_or((&*text, None), |(path, rest)| (path, Some(rest)));
            assert_eq!(FeedQuery::parse(path, rest), Some(query));
        }
        let path = format!("/feed/default/{camera}");
        for query in ["", "after=", "after=1", "after=1.", "after=.1", "after=9007199254740992.1", "before=1.1"] {
            assert_eq!(FeedQuery::parse(&path, Some(query)), None, "{query}");
        }
        for path in ["", "/feed", "/feed/default", "/live/default/x", &format!("{path}/more"), "/feed/default/x"] {
            assert_eq!(FeedQuery::parse(path, None), None, "{path}");
        }
    }
}
