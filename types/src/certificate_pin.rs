use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// SHA-256 of one certificate (its DER): whoever shows it, and holds its key, is who was meant, whatever its name, issuer and
/// dates. Written as 64 hexadecimal digits; read with or without colons, as `openssl x509 -fingerprint -sha256` writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificatePin([u8; 32]);

/// Not a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the SHA-256 of a certificate: 64 hexadecimal digits, with or without colons")]
pub struct CertificatePinError;

impl CertificatePin {
    /// The pin of a certificate with this SHA-256.
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }
}

impl FromStr for CertificatePin {
    type Err = CertificatePinError;

    fn from_str(text: &str) -> Result<Self, CertificatePinError> {
        let mut sha256 = [0; 32];
        // Twice as long with colons, and nobody needs more.
        if text.len() > 32 * 3 {
            return Err(CertificatePinError);
        }
        let digits: String = text.split(':').collect();
        hex::decode_to_slice(digits, &mut sha256).map_err(|_| CertificatePinError)?;
        Ok(Self(sha256))
    }
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for CertificatePin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CertificatePin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_openssl_writes_it_and_written_without_colons() {
        let with_colons = ["0A"; 32].join(":");
        let pin: CertificatePin = with_colons.parse().unwrap();
        assert_eq!(pin, CertificatePin::new([10; 32]));
        assert_eq!(pin.to_string(), "0a".repeat(32));
        assert_eq!(pin.to_string().parse(), Ok(pin));
        for wrong in ["", "0a", &"0a".repeat(33), &"0g".repeat(32), &":".repeat(5_000)] {
            assert_eq!(wrong.parse::<CertificatePin>(), Err(CertificatePinError), "{wrong}");
        }
    }
}
