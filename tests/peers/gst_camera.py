"""gst-rtsp-server as a camera: serves a test picture as h264, h265 or jpeg with sound, in TLS where a file with a certificate and its
key is named; prints its address, runs until killed."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtspServer  # noqa: E402

VIDEO = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=300 ! rtph264pay name=pay0 pt=96",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=300 ! rtph265pay name=pay0 pt=96",
    "jpeg": "video/x-raw,format=I420 ! jpegenc ! rtpjpegpay name=pay0 pt=26",
}

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! videoconvert ! "
    f"{VIDEO[sys.argv[1]]} "
    "audiotestsrc is-live=true ! audioconvert ! audioresample ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 )"
)
factory.set_shared(True)
server.get_mount_points().add_factory("/test", factory)
scheme = "rtsp"
if len(sys.argv) > 2:
    scheme = "rtsps"
    auth = GstRtspServer.RTSPAuth()
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(sys.argv[2]))
    anybody = GstRtspServer.RTSPToken()
    anybody.set_string("media.factory.role", "anybody")
    auth.set_default_token(anybody)
    may = GstRtspServer.RTSPPermissions()
    may.add_role("anybody")
    may.add_permission_for_role("anybody", "media.factory.access", True)
    may.add_permission_for_role("anybody", "media.factory.construct", True)
    factory.set_permissions(may)
    server.set_auth(auth)
server.attach(None)
print(f"{scheme}://127.0.0.1:{server.get_bound_port()}/test", flush=True)
GLib.MainLoop().run()
