/// How one track of a session travels (RFC 2326 clause 12.39).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Interleaved with the RTSP messages, on these channels.
    Tcp {
        /// Channel of RTP packets.
        rtp: u8,
        /// Channel of RTCP packets.
        rtcp: u8,
    },
    /// To these ports of the client's address.
    Udp {
        /// Port of RTP packets.
        rtp: u16,
        /// Port of RTCP packets.
        rtcp: u16,
    },
}

impl Transport {
    /// The first transport of the client's list that camsim knows; `track` chooses channels where the client does not.
    pub(crate) fn choose(header: &str, track: usize) -> Option<Self> {
        header.split(',').find_map(|offer| Self::parse(offer.trim(), track))
    }

    fn parse(offer: &str, track: usize) -> Option<Self> {
        let mut fields = offer.split(';').map(str::trim);
        let protocol = fields.next()?;
        let pair = |name: &str| {
            let value = fields.clone().find_map(|field| field.strip_prefix(name)?.strip_prefix('='))?;
            Some(value.split_once('-').map_or((value, None), |(first, second)| (first, Some(second))))
        };
        if fields.clone().any(|field| field == "multicast") {
            return None;
        }
        match protocol {
            "RTP/AVP/TCP" => {
                let own = u8::try_from(track * 2).ok()?;
                let (rtp, rtcp) = match pair("interleaved") {
                    Some((first, second)) => (first.parse().ok()?, second.map(str::parse).transpose().ok()?),
                    None => (own, None),
                };
                Some(Self::Tcp { rtp, rtcp: rtcp.or_else(|| u8::checked_add(rtp, 1))? })
            }
            "RTP/AVP" | "RTP/AVP/UDP" => {
                let (first, second) = pair("client_port")?;
                let rtp: u16 = first.parse().ok()?;
                let rtcp = second.map(str::parse).transpose().ok()?;
                Some(Self::Udp { rtp, rtcp: rtcp.or_else(|| rtp.checked_add(1))? })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_offer_is_taken() {
        let tcp = Transport::Tcp { rtp: 4, rtcp: 5 };
        assert_eq!(Transport::choose("RAW/RAW/UDP, RTP/AVP/TCP;unicast;interleaved=4-5", 0), Some(tcp));
        assert_eq!(Transport::choose("RTP/AVP/TCP;unicast", 2), Some(tcp));
        let udp = Transport::Udp { rtp: 5000, rtcp: 5001 };
        assert_eq!(Transport::choose("RTP/AVP;unicast;client_port=5000", 0), Some(udp));
    }

    #[test]
    fn impossible_offers_are_refused() {
        for offer in
            ["", "RTP/AVP;multicast;client_port=1-2", "RTP/AVP", "RTP/AVP/TCP;interleaved=255", "RTP/AVP;client_port=x"]
        {
            assert_eq!(Transport::choose(offer, 0), None, "{offer}");
        }
    }
}
