// Generated from openapi/eyrie-v1.json by `npm run generate`. Do not edit.

export interface paths {
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads the audit log, latest first.
         * @description Needs the role admin (`audit.list`).
         */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Signs in.
         * @description After failures, for a user or from an address, further attempts are refused for a growing pause (429 with `Retry-After`).
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends a session.
         * @description Its access tokens, capabilities and WebSockets end with it.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchanges a refresh token for new tokens.
         * @description Each refresh token is good for one refresh. Using one again ends the session, for then somebody else holds a copy.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists cameras.
         * @description Needs the role viewer or driller (`camera.list`).
         */
        get: operations["list_cameras"];
        put?: never;
        /**
         * Adds a camera.
         * @description Needs the role operator (`camera.create`).
         */
        post: operations["create_camera"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows a camera.
         * @description Needs the role viewer (`camera.read`).
         */
        get: operations["get_camera"];
        put?: never;
        post?: never;
        /**
         * Removes a camera.
         * @description Needs the role operator (`camera.delete`).
         */
        delete: operations["delete_camera"];
        options?: never;
        head?: never;
        /**
         * Changes a camera.
         * @description A JSON merge patch (RFC 7396): fields left out stay, `null` removes. With `If-Match`, only if the revision still is the one
         *     the caller read (412 otherwise).
         *
         *     Needs the role operator (`camera.update`).
         */
        patch: operations["update_camera"];
        trace?: never;
    };
    "/api/v1/cameras/{id}/capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Issues a capability for players that cannot send headers.
         * @description It is part of the path, so that the relative addresses of a playlist inherit it; it is bound to this camera and to its kind,
         *     and ends with the caller's session. What was recorded of a deleted camera can still be played and exported.
         *
         *     Needs the role viewer (`capability.create`).
         */
        post: operations["create_capability"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/export.mp4": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Takes footage out, as one MP4 file.
         * @description The file begins with the keyframe at or before `from` and ends with the fragment that holds `to`;
         *     `Eyrie-Covered-From` and `Eyrie-Covered-To` tell exactly. What is missing is closed up, and told in `Eyrie-Gaps`: how many gaps
         *     there are, then the first 20 as `"start/end";cause=word` (RFC 9651). A download that broke off is resumed with `Range` and
         *     `If-Range`. Ask with HEAD for the headers alone.
         *
         *     Needs the role viewer (`export.read`).
         */
        get: operations["export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/facts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows what a camera sends now.
         * @description Bitrate, frame rate, GOP, jitter, losses and viewers of the last second, and a verdict with reasons. WebSockets give the
         *     same every second, see `watch_facts`.
         *
         *     Needs the role viewer (`facts.read`).
         */
        get: operations["get_facts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/facts/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows what a camera sent.
         * @description In steps of a second (of the last hour, since the node started), a minute (of the last week) or an hour (of two years):
         *     the finest that is kept for the whole range and gives at most `points` points.
         *
         *     Needs the role viewer (`facts.read`).
         */
        get: operations["get_facts_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/gaps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists what is missing, and why.
         * @description What lies only on nodes that do not answer now is missing for as long as that lasts, with the cause `node_unreachable`.
         *
         *     Needs the role viewer or driller (`gap.list`).
         */
        get: operations["list_gaps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the account of a camera by UTC day.
         * @description Whole days, in UTC, that the range touches. A day that is over is derived once and kept until any of its rows changes.
         *
         *     Needs the role viewer (`ledger.read`).
         */
        get: operations["get_ledger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/live/{placement}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A live init section, part or segment.
         * @description Needs the role viewer, or driller without the body (HEAD) (`live.read`).
         */
        get: operations["live_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/live/index.m3u8": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The live multivariant playlist.
         * @description Needs the role viewer (`live.open`).
         */
        get: operations["live_index"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/live/media.m3u8": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The live media playlist. Its address stays when another node takes the camera over, and its numbers go on.
         * @description Needs the role viewer or driller (`live.read`).
         */
        get: operations["live_playlist"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/markers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the markers of a camera, the latest first.
         * @description Those of a camera that was deleted stay, for operators.
         *
         *     Needs the role viewer (`marker.list`).
         */
        get: operations["list_camera_markers"];
        put?: never;
        /**
         * Notes something of a camera's footage.
         * @description Needs the role viewer (`marker.create`).
         */
        post: operations["create_marker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/markers/{marker}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Deletes a marker.
         * @description Viewers delete their own, operators any.
         *
         *     Needs the role viewer (`marker.delete`).
         */
        delete: operations["delete_marker"];
        options?: never;
        head?: never;
        /**
         * Changes a marker.
         * @description A JSON merge patch (RFC 7396): fields left out stay, `null` removes. Viewers change their own, operators any.
         *
         *     Needs the role viewer (`marker.update`).
         */
        patch: operations["update_marker"];
        trace?: never;
    };
    "/api/v1/cameras/{id}/playback/{playlist}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A playlist of what was recorded in a range: media or I-frames.
         * @description Needs the role viewer or driller (`playback.read`).
         */
        get: operations["playback_playlist"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/playback/{segment}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An init segment, fragments or a keyframe of what was recorded.
         * @description Needs the role viewer, or driller without the body (HEAD) (`playback.read`).
         */
        get: operations["playback_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/playback/index.m3u8": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The multivariant playlist of what was recorded in a range.
         * @description Needs the role viewer or driller (`playback.open`).
         */
        get: operations["playback_index"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/publish-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a camera another address to publish to.
         * @description The new one is `links.publish`; with the old one nobody publishes any more, and whoever does is cut off.
         *
         *     Needs the role operator (`camera.change_key`).
         */
        post: operations["change_publish_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/recordings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists what is recorded.
         * @description By whichever nodes: each moment once, with the recordings that hold it and the node that each lies on. What lies only on nodes
         *     that do not answer now is not `available`; they are named in `unreachable`, and what they hold counts as no copy.
         *
         *     Needs the role viewer (`recording.list`).
         */
        get: operations["list_recordings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/sprite.jpg": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Pictures of a camera at even steps of a range, row after row in one JPEG.
         * @description Each cell shows the keyframe of the GOP that its moment lies in: `from`, and so on in steps of the range divided by the number
         *     of cells. Cells in which nothing was recorded are dark.
         *
         *     Needs the role viewer (`picture.read`).
         */
        get: operations["sprite"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows what a camera is doing.
         * @description Needs the role viewer (`camera.read_status`).
         */
        get: operations["get_camera_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/thumbnail.jpg": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A picture of a camera: that of a moment, or the latest.
         * @description It is the keyframe at or before `at`; `Eyrie-Picture-At` tells its time. Damaged ones are passed over. Without `at` it is at
         *     most some seconds old, or the last that was recorded.
         *
         *     Needs the role viewer (`picture.read`).
         */
        get: operations["thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/{id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Draws a range of a camera.
         * @description What is recorded, was deleted and is missing, as finely as the answer's `points` allow: from a minute to a year. Up to two days,
         *     what lies on a node that does not answer now is missing; beyond, it counts as recorded.
         *
         *     Needs the role viewer (`timeline.read`).
         */
        get: operations["get_timeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cameras/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Changes many cameras at once.
         * @description Needs the role operator (`camera.change_many`).
         */
        post: operations["change_cameras"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the cell.
         * @description Any node answers, also one that is cut off: `stale` says so.
         *
         *     Needs the role viewer or driller (`cluster.read`).
         */
        get: operations["get_cluster"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster/nodes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Takes a dead node out of the cell for good.
         * @description Refused while it lives: drain it and stop it first. Should it come back nevertheless, it has to join anew.
         *
         *     Needs the role admin (`cluster.remove_node`).
         */
        delete: operations["remove_node"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster/nodes/{id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drains a node, or ends its drain.
         * @description Its placements move to other nodes, each without losing a picture where the camera allows two sessions. They are gone once
         *     `placements` is 0; those that no other node has room for stay. A restart of the node ends its drain.
         *
         *     Needs the role admin (`cluster.drain_node`).
         */
        post: operations["drain_node"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster/placements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists where cameras are recorded.
         * @description Needs the role viewer or driller (`cluster.read`).
         */
        get: operations["list_placements"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the drills that come with this release.
         * @description Needs the role driller (`drill.list`).
         */
        get: operations["list_drills"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the agents that do faults to the nodes of this cell.
         * @description Needs the role driller (`drill.list_agents`).
         */
        get: operations["list_agents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/agents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hears an agent, and tells it what is to be done to its node.
         * @description Needs the role driller (`drill.agent`).
         */
        post: operations["hear_agent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Says what a drill would do, and whether it may be begun now. Does nothing.
         * @description Needs the role driller (`drill.plan`).
         */
        post: operations["plan_drill"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the runs of drills.
         * @description Needs the role driller (`drill.list_runs`).
         */
        get: operations["list_runs"];
        put?: never;
        /**
         * Begins a drill on this cell.
         * @description One at a time. Refused (`cell_refused`) on another cell than the one that is meant, on one that is not in its steady state, when
         *     it could touch more than it may, and where an agent is missing; nothing is done then. `errors` has each reason, under `refused`,
         *     or `unsupported` for what no agent can do. One of the agents carries it, unless `runner` says who does.
         *
         *     Needs the role driller (`drill.begin`).
         */
        post: operations["begin_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows a run.
         * @description Needs the role driller (`drill.read_run`).
         */
        get: operations["get_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/runs/{id}/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Breaks a run off.
         * @description Agents end its faults within a second; whoever carries it writes its report. One that nobody carries any more is over by that.
         *     A run that is over stays as it is.
         *
         *     Needs the role driller (`drill.abort`).
         */
        post: operations["abort_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/runs/{id}/beat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Keeps a run alive: what is to be in force, and how far it has come.
         * @description Needs the role driller (`drill.beat`).
         */
        post: operations["beat_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/runs/{id}/carry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes a run that nobody carries, to carry it.
         * @description Needs the role driller (`drill.carry`).
         */
        post: operations["carry_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/runs/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends a run, with its report.
         * @description Needs the role driller (`drill.end`).
         */
        post: operations["end_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drills/runs/{id}/report/{form}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Gives the report of a run.
         * @description `html` is one page for people, `json` for programs, `junit` for CI.
         *
         *     Needs the role driller (`drill.read_report`).
         */
        get: operations["get_report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the labels that cameras carry.
         * @description Needs the role viewer (`label.list`).
         */
        get: operations["list_labels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/layouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the caller's layouts.
         * @description Needs the role viewer (`layout.list`).
         */
        get: operations["list_layouts"];
        put?: never;
        /**
         * Keeps a layout.
         * @description It is the caller's alone. At most 50.
         *
         *     Needs the role viewer (`layout.create`).
         */
        post: operations["create_layout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/layouts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Replaces a layout of the caller.
         * @description Needs the role viewer (`layout.update`).
         */
        put: operations["update_layout"];
        post?: never;
        /**
         * Deletes a layout of the caller.
         * @description Needs the role viewer (`layout.delete`).
         */
        delete: operations["delete_layout"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/markers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Searches the markers of all cameras, the latest first.
         * @description Needs the role viewer (`marker.list`).
         */
        get: operations["list_markers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who am I?
         * @description Needs the role viewer or driller (`me.read`).
         */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Changes the caller's password.
         * @description The caller's other sessions end.
         *
         *     Needs the role viewer or driller (`me.change_password`).
         */
        put: operations["change_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/node": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows how the node is.
         * @description Needs the role viewer or driller (`node.read`).
         */
        get: operations["get_node"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/node/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows how the node did.
         * @description In steps as a camera's history has them.
         *
         *     Needs the role viewer (`node.read`).
         */
        get: operations["get_node_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists sites.
         * @description Needs the role viewer (`site.list`).
         */
        get: operations["list_sites"];
        put?: never;
        /**
         * Makes a site.
         * @description Needs the role operator (`site.create`).
         */
        post: operations["create_site"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows a site.
         * @description Needs the role viewer (`site.read`).
         */
        get: operations["get_site"];
        put?: never;
        post?: never;
        /**
         * Deletes a site.
         * @description Refused while cameras stand at it.
         *
         *     Needs the role operator (`site.delete`).
         */
        delete: operations["delete_site"];
        options?: never;
        head?: never;
        /**
         * Changes a site.
         * @description Needs the role operator (`site.update`).
         */
        patch: operations["update_site"];
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists users.
         * @description Needs the role admin (`user.list`).
         */
        get: operations["list_users"];
        put?: never;
        /**
         * Makes a user.
         * @description Needs the role admin (`user.create`).
         */
        post: operations["create_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows a user.
         * @description Needs the role admin (`user.read`).
         */
        get: operations["get_user"];
        put?: never;
        post?: never;
        /**
         * Deletes a user and ends the user's sessions.
         * @description The last admin stays.
         *
         *     Needs the role admin (`user.delete`).
         */
        delete: operations["delete_user"];
        options?: never;
        head?: never;
        /**
         * Changes a user.
         * @description A new password ends the user's sessions. The last admin keeps the role.
         *
         *     Needs the role admin (`user.update`).
         */
        patch: operations["update_user"];
        trace?: never;
    };
    "/api/v1/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Opens the WebSocket of statuses and events.
         * @description Offer the subprotocols `eyrie.v1` and `ticket.<ticket>`. Every text message is a `FeedMessage`: first a snapshot (beyond
         *     1,000 cameras in several messages), then events.
         *     The client may send a `ClientMessage`: `{"type": "watch_facts", "cameras": [...]}` asks for `facts` of up to 32 cameras
         *     each second. Close codes: 1008 more cameras than that, 4401 the session has ended, 4408 the client reads too slowly, 1012
         *     the node is stopping.
         */
        get: operations["open_feed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ws-tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Issues a ticket for one WebSocket.
         * @description Needs the role viewer (`ws_ticket.create`).
         */
        post: operations["create_ticket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process runs. */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/export.mp4": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Takes footage out by capability, for players and links that cannot send headers. */
        get: operations["media_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/live/{placement}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A live init section, part or segment, by capability. */
        get: operations["media_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/live/index.m3u8": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live multivariant playlist, by capability. */
        get: operations["media_index"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/live/media.m3u8": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live media playlist, by capability. */
        get: operations["media_playlist"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/live/thumbnail.jpg": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The latest picture of a camera, by a capability of the kind `live`. */
        get: operations["media_latest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/playback/{playlist}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A playlist of what was recorded in a range, by capability: media or I-frames. */
        get: operations["media_playback_playlist"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/playback/{segment}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An init segment, fragments or a keyframe of what was recorded, by capability. */
        get: operations["media_playback_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/playback/index.m3u8": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The multivariant playlist of what was recorded in a range, by capability. */
        get: operations["media_playback_index"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/playback/sprite.jpg": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Pictures of a camera at even steps of a range, by a capability of the kind `playback`. */
        get: operations["media_sprite"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{capability}/cameras/{id}/playback/thumbnail.jpg": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A picture of a camera, by a capability of the kind `playback`. */
        get: operations["media_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics in the Prometheus text format.
         * @description For admins, for the metrics token, and for connections from the machine itself.
         *
         *     Needs the role admin (`metrics.read`).
         */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The node can answer requests: its store does. */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Who did it. */
        Actor: {
            /** @enum {string} */
            type: "system";
        } | {
            /** @enum {string} */
            type: "anonymous";
        } | {
            /** @description Which. */
            id: components["schemas"]["UserId"];
            /** @description The name at the time. */
            name: string;
            /** @enum {string} */
            type: "user";
        } | {
            /** @description Who issued it. */
            issued_by: components["schemas"]["UserId"];
            /** @enum {string} */
            type: "capability";
        };
        /** @description What an agent has to know. */
        AgentAnswer: {
            /**
             * Format: int64
             * @description Milliseconds until the agent should ask again.
             */
            again_ms: number;
            /** @description What the cell calls its node. */
            name: string;
            /** @description Every node of the cell, its own too: whom it may be told to cut its node off from, and where they are. */
            peers: components["schemas"]["AgentPeer"][];
            run: components["schemas"]["AgentRun"] | null;
            waiting: components["schemas"]["DrillRunId"] | null;
        };
        /** @description What an agent says of itself. */
        AgentBeat: {
            /** @description The words of what it can do, at most 16. */
            can: string[];
            /** @description What it cannot do on its machine, and why; at most 16. */
            cannot?: components["schemas"]["DrillCannot"][];
            /** @description The orders it knows of, at most 64. */
            doing: components["schemas"]["DrillDoing"][];
            /** @description The process, by an id of its own making. */
            runner: components["schemas"]["DrillRunnerId"];
            /** @description Its release. */
            version: string;
        };
        /** @description What became of an order of a run. */
        AgentDoing: components["schemas"]["DrillDoing"] & {
            /** @description Whose agent says so. */
            node: components["schemas"]["NodeId"];
        };
        /** @description A node, as an agent has to know it. */
        AgentPeer: {
            /**
             * @description Where other nodes reach it: host and port.
             * @example 10.0.0.2:7443
             */
            address: string;
            /** @description What the cell calls it. */
            name: string;
            /** @description Which. */
            node: components["schemas"]["NodeId"];
        };
        /** @description A run, as an agent needs it. */
        AgentRun: {
            /**
             * Format: int64
             * @description When no node has answered for so long, in milliseconds, the agent ends every fault by itself.
             */
            dead_man_ms: number;
            /** @description The drill's name. */
            drill: string;
            /** @description Which. */
            id: components["schemas"]["DrillRunId"];
            /** @description The orders for the agent's node. */
            orders: components["schemas"]["DrillOrder"][];
        };
        /** @description The agents of the cell. */
        AgentsAnswer: {
            cell: components["schemas"]["CellId"] | null;
            /** @description Every node with its agent, by name. */
            items: components["schemas"]["NodeAgent"][];
        };
        /** @description A camera's sound. */
        AudioFacts: {
            /**
             * Format: int32
             * @description Channels.
             */
            channels: number;
            /**
             * @description `aac`, `g711a` or `g711u`.
             * @example aac
             */
            codec: string;
            /**
             * Format: int32
             * @description Samples per second.
             */
            sample_rate: number;
        };
        /**
         * Format: uuid
         * @description An entry of the audit log.
         */
        AuditId: string;
        /**
         * @description How the authorization point decided, or how the attempt ended.
         * @enum {string}
         */
        AuditOutcome: "allowed" | "denied";
        /** @description A page of the audit log, latest first. */
        AuditPage: {
            /** @description The records. */
            items: components["schemas"]["AuditRecord"][];
            /** @description Where the next page begins; `null` on the last one. */
            next_cursor: string | null;
        };
        /** @description Who did what to which object, from where: written by the authorization point. */
        AuditRecord: {
            /** @description What, as `resource.verb`, such as `camera.create`. */
            action: string;
            /** @description Who. */
            actor: components["schemas"]["Actor"];
            /** @description Its id; sorts by time. */
            id: components["schemas"]["AuditId"];
            /** @description To which object, as a path without secrets, such as `cameras/0192…`. */
            object: string;
            /** @description How it ended. */
            outcome: components["schemas"]["AuditOutcome"];
            /** @description From which address. */
            remote: string;
            /** @description With which request. */
            request: components["schemas"]["RequestId"];
            /** @description Whose log. */
            tenant: components["schemas"]["TenantId"];
            /** @description When. */
            time: components["schemas"]["WallTime"];
        };
        /**
         * @description What to do with each camera.
         * @enum {string}
         */
        BulkAction: "enable" | "disable" | "delete" | "add_labels" | "remove_labels";
        /** @description How it went, camera by camera, in the order asked for. */
        BulkAnswer: {
            /** @description One entry for each id. */
            results: components["schemas"]["BulkResult"][];
        };
        /** @description One change to many cameras. */
        BulkInput: {
            /** @description What to do with each. */
            action: components["schemas"]["BulkAction"];
            /** @description Which cameras: 1 to 1,000. */
            ids: components["schemas"]["CameraId"][];
            labels?: components["schemas"]["Labels"] | null;
        };
        /** @description How it went for one camera. One failure stops none of the others. */
        BulkResult: {
            /** @description Which camera. */
            id: components["schemas"]["CameraId"];
            /** @description It was done. */
            ok: boolean;
            problem?: components["schemas"]["Problem"] | null;
        };
        /** @description A camera. */
        CameraAnswer: {
            /** @description When it was made. */
            created_at: components["schemas"]["WallTime"];
            /** @description Off: no connection is made and no footage is expected. */
            enabled: boolean;
            /** @description Its id. */
            id: components["schemas"]["CameraId"];
            /** @description Free words to find and group it by. */
            labels: components["schemas"]["Labels"];
            /** @description Where to go from here. */
            links: components["schemas"]["CameraLinks"];
            /** @description What people call it. */
            name: string;
            node: components["schemas"]["CameraNode"] | null;
            /** @description Where in a cell of several nodes it may run, and how often. */
            placement: components["schemas"]["PlacementSpec"];
            /** @description Whether it is recorded. */
            recording: components["schemas"]["RecordingSpec"];
            /**
             * Format: int64
             * @description Rises with each change of the spec; also the `ETag`, quoted.
             */
            revision: number;
            site?: components["schemas"]["SiteId"] | null;
            /** @description Where its pictures come from. */
            source: components["schemas"]["SourceAnswer"];
            /** @description What it is doing. */
            status: components["schemas"]["CameraStatus"];
            stream: components["schemas"]["StreamAnswer"] | null;
            twin: components["schemas"]["CameraNode"] | null;
            /** @description When its spec last changed. */
            updated_at: components["schemas"]["WallTime"];
        };
        /** @description How many cameras are in which state. */
        CameraCounts: {
            /**
             * Format: int64
             * @description On the way.
             */
            connecting: number;
            /**
             * Format: int64
             * @description Switched off.
             */
            disabled: number;
            /**
             * Format: int64
             * @description Out of reach.
             */
            offline: number;
            /**
             * Format: int64
             * @description Sending.
             */
            online: number;
            /**
             * Format: int64
             * @description Saying no.
             */
            refused: number;
            /**
             * Format: int64
             * @description Connected, but sending nothing.
             */
            silent: number;
            /**
             * Format: int64
             * @description All of them.
             */
            total: number;
        };
        /**
         * Format: uuid
         * @description A camera, for as long as it exists in the directory.
         */
        CameraId: string;
        /** @description Absolute paths on this server. */
        CameraLinks: {
            /** @description What is recorded, as a file: with `?from&to`. */
            export: string;
            /** @description What it sends, in numbers. */
            facts: string;
            /** @description What is missing. */
            gaps: string;
            /** @description Its live multivariant playlist (HLS, RFC 8216bis). */
            hls: string;
            /** @description The account by day. */
            ledger: string;
            /** @description What people noted of its footage. */
            markers: string;
            /** @description What was recorded, to be played (HLS, RFC 8216): ask with `?from&to`. */
            playback: string;
            /**
             * @description The whole address that it publishes to, with its secret key. Only of cameras that publish, only where one camera is asked
             *     for, and only for those who may manage it.
             * @example rtmps://eyrie.example.org:1935/live/0192f0c1-2345-7abc-8def-0123456789ab.5f2c…
             */
            publish?: string | null;
            /** @description What is recorded. */
            recordings: string;
            /** @description The camera. */
            self: string;
            /** @description Its status. */
            status: string;
            /** @description A picture (JPEG): the latest, or with `?at` that of a moment. */
            thumbnail: string;
            /** @description What is recorded and missing, drawn over any range. */
            timeline: string;
        };
        /** @description A node that has a camera. */
        CameraNode: {
            /** @description Its id. */
            id: components["schemas"]["NodeId"];
            /**
             * @description What people call it.
             * @example berlin-2
             */
            name: string;
        };
        /** @description A page of cameras, sorted by name. */
        CameraPage: {
            /** @description The cameras. */
            items: components["schemas"]["CameraAnswer"][];
            /** @description Where the next page begins; `null` on the last one. */
            next_cursor: string | null;
            /**
             * Format: int64
             * @description How many match, on all pages together.
             */
            total: number;
        };
        /**
         * @description A JSON merge patch (RFC 7396) of a camera: fields left out stay, `null` removes. This type documents the shape; the patch
         *     is applied as JSON, since only there "left out" and `null` differ.
         */
        CameraPatch: {
            /** @description On or off. */
            enabled?: boolean | null;
            labels?: components["schemas"]["Labels"] | null;
            /** @description A new name. */
            name?: string | null;
            placement?: components["schemas"]["PlacementPatch"] | null;
            recording?: components["schemas"]["RecordingPatch"] | null;
            site?: components["schemas"]["SiteId"] | null;
            source?: components["schemas"]["SourcePatch"] | null;
        };
        /** @description What a camera should do. Secrets inside never serialize; the store seals them apart. */
        CameraSpec: {
            /** @description Off: no connection is made and no footage is expected. */
            enabled?: boolean;
            /** @description Free words to find and group it by. */
            labels?: components["schemas"]["Labels"];
            /** @description What people call it. */
            name: string;
            /** @description Where in a cell of several nodes it may run. */
            placement?: components["schemas"]["PlacementSpec"];
            /** @description Whether it is recorded. */
            recording?: components["schemas"]["RecordingSpec"];
            site?: components["schemas"]["SiteId"] | null;
            /** @description Where its pictures come from. */
            source: components["schemas"]["SourceSpec"];
        };
        /**
         * @description What a camera is doing, as its users see it.
         * @enum {string}
         */
        CameraState: "disabled" | "connecting" | "online" | "silent" | "refused" | "offline";
        /** @description A camera's state with its reason and the moment it began. The reason is a sentence for people and holds no secret. */
        CameraStatus: {
            /** @description Why, in a sentence that says what to do where something can be done. */
            reason: string;
            /** @description Since when it has been in this state. */
            since: components["schemas"]["WallTime"];
            /** @description The state. */
            state: components["schemas"]["CameraState"];
        };
        /** @description A capability, ready to use: the address needs no header, so that any player can open it. */
        CapabilityAnswer: {
            /** @description When it expires. Ask for another before then; running players may go on with the new one. */
            expires_at: components["schemas"]["WallTime"];
            /**
             * @description An absolute path on this server; those of playback and export want `?from&to` behind it. Whoever holds it sees the camera
             *     until it expires or the session ends.
             */
            url: string;
        };
        /** @description What a capability is to open. */
        CapabilityInput: {
            /** @description The kind. */
            kind: components["schemas"]["CapabilityKind"];
        };
        /**
         * @description What a capability opens, of one camera.
         * @enum {string}
         */
        CapabilityKind: "live" | "playback" | "export";
        /** @description A run that was taken to be carried. */
        CarriedAnswer: {
            /** @description The drill's file. */
            file: string;
            /** @description The run. */
            run: components["schemas"]["DrillRun"];
        };
        /** @description Who carries a run. */
        CarryInput: {
            /** @description The process, by an id of its own making. */
            id: components["schemas"]["DrillRunnerId"];
            /** @description What people call it, at most 120 characters. */
            name: string;
        };
        /** @description The drills that come with this release. */
        CatalogueAnswer: {
            /** @description By name. */
            items: components["schemas"]["CatalogueDrill"][];
        };
        /** @description A drill of the catalogue. */
        CatalogueDrill: {
            /** @description What it may touch at one moment, in words. */
            blast_radius: string;
            /** @description Its faults, in words. */
            faults: string[];
            /** @description What is believed to hold. */
            hypothesis: string;
            /** @description What of it is left out on a cell that exists, in words. */
            left_out: string[];
            /**
             * @description Its name.
             * @example kill-a-node
             */
            name: string;
            /** @description Why it can be run on no cell that exists; empty where it can. */
            unsupported: string[];
        };
        /**
         * Format: uuid
         * @description A cell: the nodes that decide together. Made when it is founded.
         */
        CellId: string;
        /** @description A text message that a client sends. Anything else is passed over. */
        ClientMessage: {
            /** @description Which cameras; none ends it. */
            cameras: components["schemas"]["CameraId"][];
            /** @enum {string} */
            type: "watch_facts";
        };
        /** @description The cell, as the node sees it that answers. */
        ClusterAnswer: {
            /**
             * Format: int64
             * @description How far this node has followed the cell's log.
             */
            applied_index: number;
            /**
             * Format: int64
             * @description How often the cell was recovered by hand or restored.
             */
            generation: number;
            id: components["schemas"]["CellId"] | null;
            /** @description Work on what all nodes share, by name: which of them does it now. */
            jobs: components["schemas"]["ClusterJob"][];
            leader: components["schemas"]["NodeId"] | null;
            /**
             * Format: int64
             * @description Those of them that are on their way to another node.
             */
            moving: number;
            /** @description The node that answers. */
            node: components["schemas"]["NodeId"];
            /** @description The nodes by name, at most 256. */
            nodes: components["schemas"]["ClusterNode"][];
            /**
             * Format: int64
             * @description Placements of enabled cameras that have a node: one a camera, two for those with a twin.
             */
            placements: number;
            /**
             * @description This node knows no leader that lives: it is cut off, or most voters are down. What it tells may be out of date, and nothing
             *     can be changed; what is being recorded goes on.
             */
            stale: boolean;
            /** @description Would all cameras still fit if a node or a zone failed? */
            survival: components["schemas"]["SurvivalAnswer"];
            /**
             * Format: int64
             * @description Enabled cameras that no live node has: none with room fits them, or one has just died.
             */
            unplaced: number;
            /**
             * Format: int64
             * @description Enabled cameras that want a twin, and that one live node alone has.
             */
            without_twin: number;
        };
        /** @description Work that one node at a time does for the cell. */
        ClusterJob: {
            /** @description Rises whenever it is given to a node. */
            epoch: components["schemas"]["Epoch"];
            /**
             * @description Which.
             * @example sweep-sessions
             */
            name: string;
            /** @description The node that does it: another one soon after this one died, drains or starts anew. */
            node: components["schemas"]["NodeId"];
        };
        /** @description A node of a cell. */
        ClusterNode: {
            /**
             * Format: int32
             * @description How many placements it takes.
             */
            capacity: number;
            /**
             * Format: int64
             * @description Milliseconds by which its wall clock is ahead of that of the node that answers, behind when negative; `null` while that is
             *     not known. More than some tens say that one of the two does not keep time.
             */
            clock_ahead_ms: number | null;
            /** @description Its placements are moving to other nodes, and it gets no new ones. */
            draining: boolean;
            /** @description What the cell holds it to be. */
            health: components["schemas"]["NodeHealth"];
            /**
             * Format: int64
             * @description Milliseconds since the node that answers last heard it; `null` for that node itself, and for those it never heard.
             */
            heard_ms: number | null;
            /** @description Its id. */
            id: components["schemas"]["NodeId"];
            /** @description What cameras may ask for. */
            labels: string[];
            /**
             * @description What people call it.
             * @example berlin-2
             */
            name: string;
            /**
             * Format: int64
             * @description Placements of enabled cameras it has, those counted that are moving to it.
             */
            placements: number;
            /**
             * Format: int32
             * @description Those of them that record.
             */
            recording: number | null;
            /**
             * Format: int32
             * @description Placements that run there, as it last said; `null` where that is not known, or the node is dead.
             */
            running: number | null;
            /**
             * Format: int64
             * @description Which start of its process this is.
             */
            start: number;
            /**
             * @description Base URL of its API.
             * @example https://berlin-2.example.org:8080
             */
            url: string;
            /** @description It has a vote in the cell's decisions. */
            voter: boolean;
            /** @description What fails together with it; empty where no zones are configured. */
            zone: string;
        };
        /** @description Seconds by how many nodes hold them that answer now. */
        Copies: {
            /**
             * Format: double
             * @description No node that answers holds them.
             */
            none_s: number;
            /**
             * Format: double
             * @description One node holds them.
             */
            one_s: number;
            /**
             * Format: double
             * @description Two or more do, as with `placement.redundancy` 2.
             */
            two_s: number;
            /**
             * Format: double
             * @description Of these, seconds that a node holds which does not answer now; the rest is missing.
             */
            unreachable_s: number;
        };
        /** @description A recordings directory. */
        DiskAnswer: {
            /**
             * Format: int64
             * @description Bytes the node may still write; `null` while that cannot be read.
             */
            free_bytes: number | null;
            /** @description The directory. */
            path: string;
            /**
             * Format: int64
             * @description Size of its file system; `null` while that cannot be read.
             */
            total_bytes: number | null;
            trouble: components["schemas"]["GapCause"] | null;
        };
        /** @description Whether a node is to be empty. */
        DrainInput: {
            /**
             * @description `true`, also when left out: its placements move to other nodes. `false`: it takes placements again.
             * @default true
             */
            draining: boolean;
        };
        /** @description What an agent can do to its node: a closed list, so that whoever may drill can do this and nothing else to a machine. */
        DrillAct: {
            /** @enum {string} */
            kind: "kill";
        } | {
            /** @enum {string} */
            kind: "pause";
        } | {
            /** @enum {string} */
            kind: "stop";
        } | {
            /** @enum {string} */
            kind: "cpu_pressure";
            /**
             * Format: int32
             * @description How much of all cores, in hundredths of a percent.
             */
            share: number;
        } | {
            flapping?: components["schemas"]["DrillFlapping"] | null;
            /** @description The nodes it is cut off from. Agents learn from the cell who is a member and where, not from an order. */
            from: components["schemas"]["NodeId"][];
            /** @enum {string} */
            kind: "partition";
            /** @description In which direction. */
            way: components["schemas"]["DrillWay"];
        };
        /** @description The process beside a node that does faults to it. */
        DrillAgent: {
            /** @description The words of what it can do: `kill`, `pause`, `stop`, `cpu_pressure`, `partition`. */
            can: string[];
            /** @description What it cannot do there, and why. */
            cannot: components["schemas"]["DrillCannot"][];
            /** @description The orders it knows of, in force and over. */
            doing: components["schemas"]["DrillDoing"][];
            /** @description When it was last heard, by the clock of the node that heard it. */
            heard_at: components["schemas"]["WallTime"];
            /** @description The node it stands beside. */
            node: components["schemas"]["NodeId"];
            /** @description The process. */
            runner: components["schemas"]["DrillRunnerId"];
            /** @description Its release. */
            version: string;
        };
        /** @description What was asked for; it does not change. */
        DrillAsked: {
            /** @description When. */
            at: components["schemas"]["WallTime"];
            /**
             * @description What it may touch at one moment, in words.
             * @example at most 1 node and all cameras
             */
            blast_radius: string;
            /** @description Who asked for it. */
            by: string;
            /** @description The cell it is run on: no other will do. */
            cell: components["schemas"]["CellId"];
            /**
             * Format: int64
             * @description How long its runner may be silent, in milliseconds, before agents end every fault by themselves.
             */
            dead_man_ms: number;
            /**
             * @description The drill's name.
             * @example kill-a-node
             */
            drill: string;
            /** @description What is believed to hold. */
            hypothesis: string;
            /** @description What it is going to do, in words: the lines of a dry run. */
            plan: string[];
            /**
             * Format: int64
             * @description Of all choices.
             */
            seed: number;
        };
        /** @description What an agent cannot do on its machine. */
        DrillCannot: {
            /** @description Why not, and what would help. */
            why: string;
            /** @description The word. */
            word: string;
        };
        /** @description What became of an order. */
        DrillDoing: {
            /** @description Since when, by the agent's clock. */
            at: components["schemas"]["WallTime"];
            /**
             * Format: int32
             * @description The order's number.
             */
            number: number;
            /** @description Of which run. */
            run: components["schemas"]["DrillRunId"];
            /** @description How it stands. */
            state: components["schemas"]["DrillDoingState"];
            /** @description Why it failed, or ended before its time; empty otherwise. */
            why: string;
        };
        /**
         * @description How an order stands.
         * @enum {string}
         */
        DrillDoingState: "begun" | "ended" | "failed";
        /** @description A fault of a run. */
        DrillFault: {
            /**
             * Format: int64
             * @description Milliseconds from the beginning of the round to its beginning: planned, and once it has begun, true.
             */
            begins_ms: number;
            /** @description It has begun. */
            begun: boolean;
            /**
             * Format: int64
             * @description And to its end.
             */
            ends_ms: number;
            /** @description The names of the nodes it is done to; empty until they are chosen. */
            hit: string[];
            /** @description It is over. */
            over: boolean;
            /** @description What it does, in words. */
            what: string;
        };
        /** @description How a partition comes and goes, beginning with the cut. */
        DrillFlapping: {
            /**
             * Format: int64
             * @description Milliseconds in which packets are lost.
             */
            cut_ms: number;
            /**
             * Format: int64
             * @description Milliseconds in which they are not.
             */
            whole_ms: number;
        };
        /** @description How a run stands. */
        DrillNow: {
            /** @description Why it is to be broken off, from the moment somebody said so; agents end its faults then. */
            abort: string | null;
            ended_at: components["schemas"]["WallTime"] | null;
            /** @description Faults that are to be in force on nodes now. */
            orders: components["schemas"]["DrillOrder"][];
            /** @description How far it has come, as its runner last said. */
            progress: components["schemas"]["DrillProgress"];
            runner: components["schemas"]["DrillRunner"] | null;
            /** @description Where it is between being asked for and being over. */
            state: components["schemas"]["DrillRunState"];
            verdict: components["schemas"]["DrillVerdict"] | null;
        };
        /**
         * @description A fault that is to be in force on one node. Its agent ends it when it is no longer among the orders, when it has lasted as long
         *     as it may, when the run is aborted or its runner silent, and when no node answers the agent any more.
         */
        DrillOrder: {
            /** @description What. */
            act: components["schemas"]["DrillAct"];
            /**
             * Format: int64
             * @description For how long at most, in milliseconds, from its beginning.
             */
            lasts_ms: number;
            /** @description Where. */
            node: components["schemas"]["NodeId"];
            /**
             * Format: int32
             * @description Its number within the run.
             */
            number: number;
        };
        /** @description What a drill would do. */
        DrillPlanAnswer: {
            /** @description What it may touch at one moment, in words. */
            blast_radius: string;
            /** @description Its name. */
            drill: string;
            /** @description What is believed to hold. */
            hypothesis: string;
            /** @description What of the file is left out on a cell that exists. */
            left_out: string[];
            /** @description What it would do, a line each. Empty where it is refused. */
            lines: string[];
            /** @description Why it would be refused now; empty where it would not. */
            refusals: string[];
            /** @description What whoever runs it should know. */
            warnings: string[];
        };
        /** @description How far a run has come. */
        DrillProgress: {
            /** @description What it does now, in words. */
            doing: string;
            /** @description The faults of this round, by their beginning. */
            faults: components["schemas"]["DrillFault"][];
            /** @description What happened, the latest last, in words. */
            lines: string[];
            /**
             * Format: int32
             * @description The round, counted from 1; 0 before the first.
             */
            round: number;
            /**
             * Format: int32
             * @description Of how many.
             */
            rounds: number;
            seen: components["schemas"]["DrillSeen"] | null;
        };
        /** @description A run of a drill, from the moment somebody asked for it. */
        DrillRun: {
            /** @description What was asked for. */
            asked: components["schemas"]["DrillAsked"];
            /** @description Its id; later ones sort later. */
            id: components["schemas"]["DrillRunId"];
            /** @description How it stands. */
            now: components["schemas"]["DrillNow"];
        };
        /**
         * Format: uuid
         * @description A run of a drill.
         */
        DrillRunId: string;
        /** @description Who carries a run. */
        DrillRunner: {
            /** @description When it was last heard, by the clock of the node that heard it. */
            heard_at: components["schemas"]["WallTime"];
            /** @description The process. */
            id: components["schemas"]["DrillRunnerId"];
            /** @description What people call it, such as `the agent of n1`. */
            name: string;
        };
        /**
         * Format: uuid
         * @description A process that carries drills: an agent, or a person's command.
         */
        DrillRunnerId: string;
        /** @description Runs. */
        DrillRunsAnswer: {
            /** @description The last 200, the latest first. */
            items: components["schemas"]["DrillRun"][];
        };
        /**
         * @description Where a run is.
         * @enum {string}
         */
        DrillRunState: "waiting" | "running" | "ended";
        /** @description A cell, as the runner of a drill sees it: what guardrails are held against. */
        DrillSeen: {
            /**
             * Format: int64
             * @description API calls that the runner made.
             */
            api_calls: number;
            /**
             * Format: int64
             * @description Those of them that succeeded.
             */
            api_succeeded: number;
            /**
             * Format: int64
             * @description When, in milliseconds from the beginning of the run.
             */
            at_ms: number;
            /**
             * Format: int32
             * @description Nodes that the cell does not hear.
             */
            nodes_down: number;
            /**
             * Format: int32
             * @description How many may be down; `null` without such a guardrail.
             */
            nodes_down_max: number | null;
            /**
             * Format: int64
             * @description Those of them that no node says it records.
             */
            not_recording: number;
            /**
             * Format: int64
             * @description Placements that are to be recorded.
             */
            placements: number;
            /**
             * Format: int64
             * @description From the beginning of the round, once it has begun.
             */
            round_ms: number | null;
        };
        /** @description What a run says of its hypothesis. */
        DrillVerdict: {
            /** @description `passed`, `failed`, `aborted`, `refused` or `unsupported`. */
            outcome: string;
            /** @description Why; empty when it passed. */
            reasons: string[];
            /**
             * Format: int64
             * @description The longest gap of any camera, in milliseconds; `null` when none was measured.
             */
            worst_gap_ms: number | null;
        };
        /** @description Which drill. */
        DrillWanted: {
            cell?: components["schemas"]["CellId"] | null;
            /** @description The name of one of the catalogue; or `file`. */
            drill?: string | null;
            /** @description The text of a drill file, at most 64 KiB; or `drill`. */
            file?: string | null;
            runner?: components["schemas"]["CarryInput"] | null;
            /**
             * Format: int64
             * @description Of all choices; by chance when left out.
             */
            seed?: number | null;
        };
        /**
         * @description In which direction packets are lost.
         * @enum {string}
         */
        DrillWay: "both" | "in" | "out";
        /**
         * Format: int64
         * @description The number of a placement's incarnation: generation · 2³² + counter, below 2⁵³ so that JSON readers keep it whole.
         */
        Epoch: number;
        /** @description What happened, in the one envelope that webhooks, audit, plugins and WebSockets read. */
        Event: components["schemas"]["EventKind"] & {
            /** @description Who made it happen; the system itself where nobody did. */
            actor: components["schemas"]["Actor"];
            /** @description Its id; sorts by time. */
            id: components["schemas"]["EventId"];
            /** @description Whose event. */
            tenant: components["schemas"]["TenantId"];
            /** @description When it happened. */
            time: components["schemas"]["WallTime"];
            trace?: components["schemas"]["RequestId"] | null;
            /**
             * Format: int32
             * @description The version of this envelope.
             */
            version: number;
        };
        /**
         * Format: uuid
         * @description An entry of the event outbox.
         */
        EventId: string;
        /** @description The kinds of events, each with its subject. */
        EventKind: {
            /** @description Which camera. */
            camera: components["schemas"]["CameraId"];
            /** @enum {string} */
            kind: "camera.status";
            /** @description What it is now. */
            status: components["schemas"]["CameraStatus"];
        } | {
            /** @description Which camera. */
            camera: components["schemas"]["CameraId"];
            /** @enum {string} */
            kind: "camera.created";
        } | {
            /** @description Which camera. */
            camera: components["schemas"]["CameraId"];
            /** @enum {string} */
            kind: "camera.updated";
            /**
             * Format: int64
             * @description The revision it has now.
             */
            revision: number;
        } | {
            /** @description Which camera. */
            camera: components["schemas"]["CameraId"];
            /** @enum {string} */
            kind: "camera.deleted";
        } | {
            /** @description Of which camera. */
            camera: components["schemas"]["CameraId"];
            /** @enum {string} */
            kind: "marker.created";
            /** @description Which marker. */
            marker: components["schemas"]["MarkerId"];
        } | {
            /** @description Of which camera. */
            camera: components["schemas"]["CameraId"];
            /** @enum {string} */
            kind: "marker.updated";
            /** @description Which marker. */
            marker: components["schemas"]["MarkerId"];
        } | {
            /** @description Of which camera. */
            camera: components["schemas"]["CameraId"];
            /** @enum {string} */
            kind: "marker.deleted";
            /** @description Which marker. */
            marker: components["schemas"]["MarkerId"];
        } | {
            /** @description Which camera. */
            camera: components["schemas"]["CameraId"];
            /** @enum {string} */
            kind: "recording.health";
            trouble?: components["schemas"]["GapCause"] | null;
        } | {
            /**
             * Format: int64
             * @description Bytes deleted.
             */
            bytes: number;
            /** @description Which camera. */
            camera: components["schemas"]["CameraId"];
            /** @description When the first of what was deleted began. */
            from: components["schemas"]["WallTime"];
            /** @enum {string} */
            kind: "recording.deleted";
            /**
             * Format: int64
             * @description Segments deleted.
             */
            segments: number;
            /** @description When the last of it ended. */
            to: components["schemas"]["WallTime"];
        };
        /** @description What a camera sends now. */
        FactsAnswer: {
            /** @description Which second it is about; the time of asking when nothing comes. */
            at: components["schemas"]["WallTime"];
            /**
             * Format: int32
             * @description Bits of pictures and sound a second.
             */
            bitrate_bps: number;
            /**
             * Format: double
             * @description Pictures a second.
             */
            fps: number;
            /**
             * Format: double
             * @description Seconds from keyframe to keyframe; `null` while unknown.
             */
            gop_s: number | null;
            /**
             * Format: double
             * @description Interarrival jitter of pictures (RFC 3550 section 6.4.1).
             */
            jitter_ms: number;
            /**
             * Format: int64
             * @description RTP packets lost since the node started.
             */
            lost_total: number;
            /** @description How well that serves. */
            verdict: components["schemas"]["VerdictAnswer"];
            /**
             * Format: int32
             * @description Sign-ins and capabilities that watch it live.
             */
            viewers: number;
        };
        /** @description What a camera sent over a range. */
        FactsHistoryAnswer: {
            /** @description In order. Steps in which nothing came have none. */
            points: components["schemas"]["FactsPoint"][];
            /**
             * Format: int32
             * @description Seconds of a step: 1, 60 or 3,600, or a multiple of 3,600 where even hours are too many.
             */
            step_s: number;
        };
        /** @description What a camera sent over one step. */
        FactsPoint: {
            /** @description When the step begins. */
            at: components["schemas"]["WallTime"];
            /**
             * Format: int32
             * @description Bits of pictures and sound a second.
             */
            bitrate_bps: number;
            /**
             * Format: double
             * @description Pictures a second.
             */
            fps: number;
            /**
             * Format: double
             * @description Seconds from keyframe to keyframe; `null` while unknown.
             */
            gop_s: number | null;
            /**
             * Format: double
             * @description Interarrival jitter of pictures.
             */
            jitter_ms: number;
            /**
             * Format: int32
             * @description RTP packets lost in the step.
             */
            lost: number;
            /**
             * Format: int32
             * @description The most that watched it live at once.
             */
            viewers: number;
        };
        /**
         * @description A text message of the WebSocket. What a client may send is a `ClientMessage`. First comes a snapshot, continued by
         *     `statuses` where there are more than 1,000 cameras, then events as they happen.
         */
        FeedMessage: {
            /** @description Status by camera id. */
            statuses: {
                [key: string]: components["schemas"]["CameraStatus"];
            };
            /** @enum {string} */
            type: "snapshot";
        } | {
            /** @description Status by camera id. */
            statuses: {
                [key: string]: components["schemas"]["CameraStatus"];
            };
            /** @enum {string} */
            type: "statuses";
        } | {
            /** @description What. */
            event: components["schemas"]["Event"];
            /** @enum {string} */
            type: "event";
        } | (components["schemas"]["FactsAnswer"] & {
            /** @description Which camera. */
            camera: components["schemas"]["CameraId"];
        } & {
            /** @enum {string} */
            type: "facts";
        });
        /** @description What is wrong with which field of an input. `field` is a dotted path as in the JSON, `reason` a sentence for people. */
        FieldError: {
            /** @description Which field. */
            field: string;
            /** @description What is wrong, and what would be right. */
            reason: string;
        };
        /** @description A looped MP4 file. */
        FileSource: {
            /**
             * @description The file, relative to the node's directory of file sources.
             * @example lobby.mp4
             */
            path: string;
        };
        /** @description A stretch for which the spec asked for footage and none is durable. */
        Gap: {
            /** @description Why. */
            cause: components["schemas"]["GapCause"];
            /** @description The first moment after it. */
            end: components["schemas"]["WallTime"];
            /** @description Its first moment. */
            start: components["schemas"]["WallTime"];
        };
        /**
         * @description Why footage is missing. One word a cause, stable in the API and in stored rows.
         * @enum {string}
         */
        GapCause: "camera_unreachable" | "camera_silent" | "camera_refused" | "camera_session_limit" | "stream_invalid" | "packets_lost" | "starting" | "node_down" | "process_restart" | "memory_limit" | "disk_full" | "disk_read_only" | "disk_slow" | "disk_error" | "key_unavailable" | "damaged" | "node_unreachable" | "unknown";
        /**
         * @description What is missing, and the account of the range: `expected_s` = `durable_s` + `deleted_s` + `missing_s` +
         *     `pending_s`.
         */
        GapsAnswer: {
            /**
             * Format: double
             * @description Of these, seconds that were durable until retention deleted them.
             */
            deleted_s: number;
            /**
             * Format: double
             * @description Of these, seconds that are durable.
             */
            durable_s: number;
            /**
             * Format: double
             * @description Seconds for which the camera's spec asked for footage.
             */
            expected_s: number;
            /** @description Sorted, none overlapping. */
            gaps: components["schemas"]["Gap"][];
            /**
             * Format: double
             * @description Of these, seconds that are missing.
             */
            missing_s: number;
            /**
             * Format: double
             * @description Of these, the last seconds before now, which are still on their way to the disk.
             */
            pending_s: number;
        };
        /** @description A label and its cameras. */
        LabelCount: {
            /**
             * Format: int64
             * @description How many cameras carry it.
             */
            cameras: number;
            /** @description The label. */
            label: string;
        };
        /** @description Free words on a camera, sorted, each once. Read from a list; a map `{"floor": "2"}` reads as `floor=2`. */
        Labels: string[];
        /** @description The labels in use, sorted: the first 1,000. */
        LabelsAnswer: {
            /** @description The labels. */
            items: components["schemas"]["LabelCount"][];
        };
        /** @description Which cameras somebody watches together, and where each stands. */
        Layout: components["schemas"]["LayoutGrid"] & {
            /** @description When it was made. */
            created_at: components["schemas"]["WallTime"];
            /** @description Its id. */
            id: components["schemas"]["LayoutId"];
            /** @description When it last changed. */
            updated_at: components["schemas"]["WallTime"];
        };
        /** @description A grid of cameras. */
        LayoutGrid: {
            /** @description The camera of each tile, `null` for an empty one; tiles beyond the last are empty. Cameras may be gone by now. */
            cameras: (components["schemas"]["CameraId"] | null)[];
            /** @description What its owner calls it. */
            name: string;
            /**
             * Format: int32
             * @description How many tiles: 1, 4, 8, 9, 16 or 32.
             */
            tiles: number;
        };
        /**
         * Format: uuid
         * @description A grid of cameras that a user keeps.
         */
        LayoutId: string;
        /** @description The caller's layouts, in the order they were made: at most 50. */
        LayoutsAnswer: {
            /** @description The layouts. */
            items: components["schemas"]["Layout"][];
        };
        /** @description The account of a stretch of time. `expected_s` = `durable_s` + `deleted_s` + `missing_s` + `pending_s`. */
        LedgerAccount: {
            /**
             * Format: double
             * @description Of these, seconds that were durable until retention deleted them.
             */
            deleted_s: number;
            /**
             * Format: double
             * @description Of these, seconds that are durable.
             */
            durable_s: number;
            /**
             * Format: double
             * @description Seconds for which the camera's spec asked for footage.
             */
            expected_s: number;
            /**
             * Format: double
             * @description Of these, seconds that are missing.
             */
            missing_s: number;
            /** @description `missing_s` by cause; causes that took nothing are left out. */
            missing_s_by_cause: {
                [key: string]: number;
            };
            /**
             * Format: double
             * @description Of these, the last seconds before now, which are still on their way to the disk.
             */
            pending_s: number;
        };
        /** @description What was asked for, what is there, and why the rest is missing, by UTC day. */
        LedgerAnswer: {
            /** @description The days, in order. */
            days: components["schemas"]["LedgerDay"][];
            /** @description All of them against the objective. */
            slo: components["schemas"]["SloAnswer"];
            /** @description All of them together. */
            total: components["schemas"]["LedgerAccount"];
        };
        /** @description A UTC day of a camera. */
        LedgerDay: components["schemas"]["LedgerAccount"] & {
            /**
             * @description The day, as `YYYY-MM-DD`.
             * @example 2026-01-31
             */
            day: string;
        };
        /** @description Who wants to sign in. */
        LoginInput: {
            /** @description The user's password. */
            password: components["schemas"]["Secret"];
            /** @description The user's name. */
            username: string;
        };
        /** @description What somebody noted of a camera's footage: a moment, or a stretch. */
        Marker: components["schemas"]["MarkerText"] & {
            /** @description The name of who made it, as it was then. */
            author: string;
            /** @description Who made it. */
            author_id: components["schemas"]["UserId"];
            /** @description Of which camera. */
            camera: components["schemas"]["CameraId"];
            /** @description When it was made. */
            created_at: components["schemas"]["WallTime"];
            /** @description Its id. */
            id: components["schemas"]["MarkerId"];
            /** @description When it last changed. */
            updated_at: components["schemas"]["WallTime"];
        };
        /**
         * Format: uuid
         * @description What somebody noted of footage.
         */
        MarkerId: string;
        /** @description A marker to make. */
        MarkerInput: {
            /**
             * @description A word to group markers by: `[a-z0-9-]{1,32}`.
             * @example delivery
             */
            category: string;
            end?: components["schemas"]["WallTime"] | null;
            /** @description More: at most 4,000 characters. */
            note?: string | null;
            /** @description The moment, or the first one of the stretch. */
            start: components["schemas"]["WallTime"];
            /** @description One line of at most 120 characters. */
            title: string;
        };
        /**
         * @description A page of markers, the latest first. A page looks at no more than 10,000 markers: where few of many match it holds fewer than
         *     asked for, or none, and `next_cursor` goes on.
         */
        MarkerPage: {
            /** @description The markers. */
            items: components["schemas"]["Marker"][];
            /** @description Where the next page begins; `null` on the last one. */
            next_cursor: string | null;
        };
        /**
         * @description A JSON merge patch (RFC 7396) of a marker: fields left out stay, `null` removes. This type documents the shape; the patch is
         *     applied as JSON, since only there "left out" and `null` differ.
         */
        MarkerPatch: {
            /** @description Another category. */
            category?: string | null;
            end?: components["schemas"]["WallTime"] | null;
            /** @description Another note; `null` for none. */
            note?: string | null;
            start?: components["schemas"]["WallTime"] | null;
            /** @description Another title. */
            title?: string | null;
        };
        /** @description What a marker says, and of when. */
        MarkerText: {
            /**
             * @description A word to group markers by: `[a-z0-9-]{1,32}`.
             * @example delivery
             */
            category: string;
            end: components["schemas"]["WallTime"] | null;
            /** @description More, of any number of lines. */
            note: string | null;
            /** @description The moment, or the first one of the stretch. */
            start: components["schemas"]["WallTime"];
            /** @description One line. */
            title: string;
        };
        /** @description The caller. */
        Me: {
            /** @description The user's id. */
            id: components["schemas"]["UserId"];
            /** @description What the user may do. */
            role: components["schemas"]["Role"];
            /** @description Whose user. */
            tenant: components["schemas"]["TenantId"];
            /** @description The user's name. */
            username: string;
        };
        /** @description The process's memory. */
        MemoryAnswer: {
            /**
             * Format: int64
             * @description Resident bytes of the process; `null` where the system does not tell.
             */
            resident_bytes: number | null;
            /**
             * Format: int64
             * @description Bytes of the cameras' rings, those pinned by readers included.
             */
            ring_bytes: number;
            /**
             * Format: int64
             * @description Most bytes the rings may take together.
             */
            ring_bytes_max: number;
        };
        /** @description A node and its agent. */
        NodeAgent: {
            agent: components["schemas"]["DrillAgent"] | null;
            /** @description Its agent is heard. */
            heard: boolean;
            /** @description The node's name. */
            name: string;
            /** @description The node. */
            node: components["schemas"]["NodeId"];
        };
        /** @description How the node is. */
        NodeAnswer: {
            /** @description Its cameras. */
            cameras: components["schemas"]["CameraCounts"];
            /** @description Its recording directories. */
            disks: components["schemas"]["DiskAnswer"][];
            /** @description Nothing below needs anybody's attention. */
            healthy: boolean;
            /** @description Its id. */
            id: components["schemas"]["NodeId"];
            /** @description Its memory. */
            memory: components["schemas"]["MemoryAnswer"];
            /** @description Its clock. */
            now: components["schemas"]["WallTime"];
            recordings: components["schemas"]["NodeRecordings"] | null;
            /** @description When it was started. */
            started_at: components["schemas"]["WallTime"];
            /**
             * @description The release it runs.
             * @example 0.1.0
             */
            version: string;
        };
        /**
         * @description What the cell holds a node to be.
         * @enum {string}
         */
        NodeHealth: "up" | "dead";
        /** @description How the node did over a range. */
        NodeHistoryAnswer: {
            /** @description In order. Steps in which the node did not run have none. */
            points: components["schemas"]["NodeHistoryPoint"][];
            /**
             * Format: int32
             * @description Seconds of a step: 1, 60 or 3,600, or a multiple of 3,600 where even hours are too many.
             */
            step_s: number;
        };
        /** @description How the node did over one step. */
        NodeHistoryPoint: {
            /** @description When the step begins. */
            at: components["schemas"]["WallTime"];
            /**
             * Format: int32
             * @description Cameras that sent.
             */
            cameras_online: number;
            /**
             * Format: double
             * @description Cores it was busy.
             */
            cpu_cores: number;
            /**
             * Format: int64
             * @description The least bytes it might still write in the step, all disks together.
             */
            disk_free_bytes: number;
            /**
             * Format: int64
             * @description Resident bytes of the process.
             */
            memory_bytes: number;
            /**
             * Format: int64
             * @description Bits a second that its cameras sent.
             */
            received_bps: number;
            /**
             * Format: int32
             * @description The most that watched live at once, all cameras together.
             */
            viewers: number;
            /**
             * Format: int64
             * @description Bits of recordings a second that became durable.
             */
            written_bps: number;
        };
        /**
         * Format: uuid
         * @description A node; kept in its data directory.
         */
        NodeId: string;
        /** @description What the failure of a node would cost. */
        NodeLoss: {
            /** @description Which node. */
            id: components["schemas"]["NodeId"];
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description Placements that would find no room.
             */
            without_room: number;
        };
        /**
         * @description What a node has recorded and how long there is room for more, looked at every minute. Days are foreseen from the rate at which
         *     was recorded since yesterday began (UTC).
         */
        NodeRecordings: {
            /**
             * Format: int64
             * @description Bytes of all recordings.
             */
            bytes: number;
            /**
             * Format: double
             * @description Bytes recorded a second.
             */
            bytes_per_s: number;
            /**
             * Format: double
             * @description How many days back recordings will reach once room is used up, `max_age_s` at most; `null` where that cannot be told.
             */
            days_kept: number | null;
            /**
             * Format: double
             * @description Days until the disks, or `max_bytes`, are used up; `null` while nothing is recorded.
             */
            days_left: number | null;
            /**
             * Format: int64
             * @description The age in seconds after which recordings go (`retention.max_age`); `null` for no limit.
             */
            max_age_s: number | null;
            /**
             * Format: int64
             * @description Most bytes that recordings may take (`retention.max_bytes`); `null` for no limit.
             */
            max_bytes: number | null;
            oldest: components["schemas"]["WallTime"] | null;
            /** @description What is done before a disk gets full (`retention.when_full`). */
            when_full: components["schemas"]["WhenFullAnswer"];
        };
        /** @description A change of one's own password. All other sessions of the user end. */
        PasswordChange: {
            /** @description The password so far. */
            current_password: components["schemas"]["Secret"];
            /** @description The password from now on. */
            new_password: components["schemas"]["Secret"];
        };
        /** @description Where a camera is recorded. */
        PlacementAnswer: {
            /** @description The camera. */
            camera: components["schemas"]["CameraId"];
            /** @description The first of the epochs it has there: rises whenever it comes to another node. */
            epoch: components["schemas"]["Epoch"];
            moving_to: components["schemas"]["NodeId"] | null;
            /** @description Its name; `null` for one that was just deleted. */
            name: string | null;
            /** @description The node that has it. */
            node: components["schemas"]["NodeId"];
            /** @description 0 is the owner, 1 the twin. */
            slot: components["schemas"]["Slot"];
        };
        /** @description A page of placements, by camera and slot; cameras that are switched off have theirs, too. */
        PlacementPage: {
            /** @description The placements. */
            items: components["schemas"]["PlacementAnswer"][];
            /** @description Where the next page begins; `null` on the last one. */
            next_cursor: string | null;
            /**
             * Format: int64
             * @description How many match, on all pages together.
             */
            total: number;
        };
        /** @description What to change of where in a cell of several nodes a camera may run. */
        PlacementPatch: {
            /**
             * Format: int32
             * @description Connections the camera allows at a time; `null` for 2.
             */
            max_sessions?: number | null;
            node_labels?: components["schemas"]["Labels"] | null;
            /**
             * Format: int32
             * @description 1, or 2 for a twin; `null` for 1.
             */
            redundancy?: number | null;
        };
        /** @description Where in a cell of several nodes a camera may run, and how often. */
        PlacementSpec: {
            /**
             * Format: int32
             * @description Connections the camera allows at a time. With 1, moving it to another node costs the pictures of one reconnect, and it gets
             *     no twin.
             * @default 2
             */
            max_sessions: number;
            /**
             * @description Labels that its node must carry.
             * @default []
             */
            node_labels: components["schemas"]["Labels"];
            /**
             * Format: int32
             * @description 1, or 2 for a twin: another node records the same, and losing either costs nothing.
             * @default 1
             */
            redundancy: number;
        };
        /** @description An error as clients get it: problem details (RFC 9457). Clients decide by `code`. */
        Problem: {
            /** @description Stable; clients decide by it. */
            code: components["schemas"]["ProblemCode"];
            /** @description What is wrong this time. */
            detail: string;
            /** @description Which fields cannot be taken, and why. */
            errors?: components["schemas"]["FieldError"][];
            request_id?: components["schemas"]["RequestId"] | null;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The code in words; the same for every occurrence. */
            title: string;
            /**
             * @description `urn:eyrie:problem:` and the code.
             * @example urn:eyrie:problem:invalid_fields
             */
            type: string;
        };
        /**
         * @description The stable code of an API error: the last part of a problem's `type` (RFC 9457 section 3.1.1). Clients decide by it; it is
         *     never renamed.
         * @enum {string}
         */
        ProblemCode: "malformed_body" | "invalid_fields" | "invalid_query" | "body_too_large" | "unauthenticated" | "bad_credentials" | "token_expired" | "forbidden" | "not_found" | "method_not_allowed" | "revision_mismatch" | "already_exists" | "in_use" | "last_admin" | "cell_refused" | "no_quorum" | "too_many_requests" | "camera_not_live" | "limit_reached" | "unavailable" | "internal";
        /**
         * @description When a camera is recorded.
         * @enum {string}
         */
        RecordingMode: "continuous" | "off";
        /** @description What to change of a camera's recording. */
        RecordingPatch: {
            mode?: components["schemas"]["RecordingMode"] | null;
            retention?: components["schemas"]["RetentionPatch"] | null;
        };
        /** @description What is recorded. */
        RecordingsAnswer: {
            /** @description On how many nodes what was asked for is there, in sum. */
            copies: components["schemas"]["Copies"];
            /** @description Sorted, none overlapping: several recordings of a moment are one span, with each of them among its `sources`. */
            spans: components["schemas"]["Span"][];
            /** @description The nodes that hold some of it and do not answer now. What they hold counts as no copy. */
            unreachable: components["schemas"]["NodeId"][];
        };
        /** @description Whether and when a camera is recorded. */
        RecordingSpec: {
            /** @description The mode. */
            mode?: components["schemas"]["RecordingMode"];
            /** @description How long it is kept, where the node's own rules are not to decide. */
            retention?: components["schemas"]["RetentionSpec"];
        };
        /** @description The refresh token to use up. */
        RefreshInput: {
            /** @description As the last sign-in or refresh answered it. */
            refresh_token: components["schemas"]["Secret"];
        };
        /**
         * Format: uuid
         * @description One request through the gateway: the correlation id of its log lines.
         */
        RequestId: string;
        /** @description What to change of how long a camera's recordings are kept. */
        RetentionPatch: {
            /**
             * Format: int64
             * @description Seconds after which footage is deleted; `null` leaves it to the node.
             */
            max_age_s?: number | null;
            /**
             * Format: int64
             * @description Most bytes the camera's recordings may take; `null` for no limit of its own.
             */
            max_bytes?: number | null;
        };
        /** @description How long a camera's recordings are kept. What is left out is decided by the node's rules. */
        RetentionSpec: {
            /**
             * Format: int64
             * @description Seconds after which footage is deleted: an hour to a century.
             */
            max_age_s?: number | null;
            /**
             * Format: int64
             * @description Most bytes the camera's recordings may take; beyond it the oldest go. At least 16 MiB.
             */
            max_bytes?: number | null;
        };
        /**
         * @description What a user may do. Viewer, operator and admin each may do all that the ones before them may; a driller stands beside the first
         *     two, and only the admin may do what it may.
         * @enum {string}
         */
        Role: "viewer" | "operator" | "driller" | "admin";
        /** @description A camera that publishes with RTMP to the address it was given. */
        RtmpSource: Record<string, never>;
        /** @description An RTSP camera. */
        RtspSource: {
            /**
             * @description With `rtsps`: the camera's certificate, for it is its own; without, an authority that the node's system trusts must have
             *     issued it, for the address' host.
             */
            certificate_sha256?: string | null;
            password?: components["schemas"]["Secret"] | null;
            /** @description How RTP travels. */
            transport?: components["schemas"]["RtspTransport"];
            /**
             * @description `rtsp://host[:port]/path`, or `rtsps://` where the camera speaks TLS (RFC 7826 section 19.2); without user name and
             *     password.
             * @example rtsp://192.168.1.20:554/stream1
             */
            url: string;
            /** @description The user name, if the camera wants one. */
            username?: string | null;
        };
        /**
         * @description How RTP travels from an RTSP camera.
         * @enum {string}
         */
        RtspTransport: "tcp" | "udp";
        /** @description What whoever carries a run has to know. */
        RunnerAnswer: {
            /** @description Why the run is to be broken off, if it is. */
            abort: string | null;
            /** @description What became of the orders of this run. */
            doing: components["schemas"]["AgentDoing"][];
        };
        /** @description What whoever carries a run says of it, again and again. */
        RunnerBeat: {
            /** @description The faults that are to be in force now, at most 256. */
            orders: components["schemas"]["DrillOrder"][];
            /** @description How far it has come. */
            progress: components["schemas"]["DrillProgress"];
            /** @description Who. */
            runner: components["schemas"]["DrillRunnerId"];
        };
        /** @description The end of a run. */
        RunnerEnd: {
            /** @description The report, as `eyrie drill run --report` writes it in JSON; at most 1 MiB. */
            report: unknown;
            /** @description Who carried it. */
            runner: components["schemas"]["DrillRunnerId"];
            /** @description What it says of its hypothesis. */
            verdict: components["schemas"]["DrillVerdict"];
        };
        /**
         * Format: password
         * @description A text that must not be seen: passwords, tokens, keys. `Debug` and `Display` never show it; it is written out only by
         *     code that calls [`Secret::expose`].
         */
        Secret: string;
        /** @description A place with one time zone. */
        Site: {
            /** @description When it was made. */
            created_at: components["schemas"]["WallTime"];
            /** @description Its id. */
            id: components["schemas"]["SiteId"];
            /** @description What people call it. */
            name: string;
            /** @description Whose. */
            tenant: components["schemas"]["TenantId"];
            /** @description Its IANA time zone, such as `Europe/Berlin`. Storage is UTC; only what people see is shifted. */
            zone: string;
        };
        /**
         * Format: uuid
         * @description A site: a place with one time zone.
         */
        SiteId: string;
        /** @description A site to make. */
        SiteInput: {
            /** @description What people call it. */
            name: string;
            /**
             * @description Its IANA time zone.
             * @example Europe/Berlin
             */
            zone: string;
        };
        /** @description A page of sites, sorted by name. */
        SitePage: {
            /** @description The sites. */
            items: components["schemas"]["Site"][];
            /** @description Where the next page begins; `null` on the last one. */
            next_cursor: string | null;
            /**
             * Format: int64
             * @description How many there are.
             */
            total: number;
        };
        /** @description What to change of a site; fields left out stay. */
        SitePatch: {
            /** @description A new name. */
            name?: string | null;
            /** @description A new IANA time zone. */
            zone?: string | null;
        };
        /** @description How a camera stands against the node's objective for recording (`slo.recording`). */
        SloAnswer: {
            /**
             * Format: double
             * @description The share that was; `null` where nothing was expected.
             */
            achieved: number | null;
            /**
             * Format: double
             * @description What is left of them; negative once the objective is missed.
             */
            budget_left_s: number;
            /**
             * Format: double
             * @description Seconds that may be missing.
             */
            budget_s: number;
            /**
             * Format: double
             * @description The share of expected footage that is to be recorded.
             */
            objective: number;
        };
        /**
         * Format: int32
         * @description Which of a camera's placements: 0 is the owner, 1 the twin.
         */
        Slot: number;
        /** @description Where a camera's pictures come from, without its password. */
        SourceAnswer: {
            /** @description With `rtsps`: the certificate that the camera has to show. */
            certificate_sha256?: string | null;
            /** @description A password is stored. It never comes out. */
            has_password: boolean;
            /** @description How RTP travels. */
            transport: components["schemas"]["RtspTransport"];
            /** @enum {string} */
            type: "rtsp";
            /** @description The address. */
            url: string;
            /** @description The user name, if the camera wants one. */
            username?: string | null;
        } | {
            /** @description The file, relative to the node's directory of file sources. */
            path: string;
            /** @enum {string} */
            type: "file";
        } | {
            /** @enum {string} */
            type: "rtmp";
        };
        /** @description What to change of a camera's source. With another `type` than before, the source starts afresh. */
        SourcePatch: {
            /**
             * @description RTSP over TLS: the SHA-256 of the certificate that the camera has to show; `null` leaves it to the authorities that the
             *     node's system trusts. A change of it asks for a stored password again.
             */
            certificate_sha256?: string | null;
            password?: components["schemas"]["Secret"] | null;
            /** @description File: another file. */
            path?: string | null;
            transport?: components["schemas"]["RtspTransport"] | null;
            /** @description `rtsp`, `file` or `rtmp`. */
            type?: string | null;
            /**
             * @description RTSP: a new address. When it names another host, a stored password has to be given again or removed: it must not
             *     follow an address to somebody else's machine.
             */
            url?: string | null;
            /** @description RTSP: a new user name; `null` for none. */
            username?: string | null;
        };
        /** @description Where pictures come from. */
        SourceSpec: (components["schemas"]["RtspSource"] & {
            /** @enum {string} */
            type: "rtsp";
        }) | (components["schemas"]["FileSource"] & {
            /** @enum {string} */
            type: "file";
        }) | (components["schemas"]["RtmpSource"] & {
            /** @enum {string} */
            type: "rtmp";
        });
        /** @description A stretch of footage in an answer, with who recorded it. */
        Span: {
            /** @description It can be read now. */
            available: boolean;
            /** @description The first moment after it. */
            end: components["schemas"]["WallTime"];
            /** @description The recordings that hold it, whether their nodes answer now or not. */
            sources: components["schemas"]["SpanSource"][];
            /** @description Its first moment. */
            start: components["schemas"]["WallTime"];
        };
        /** @description A recording that holds a span, as one node has it. */
        SpanSource: {
            /** @description Which incarnation. */
            epoch: components["schemas"]["Epoch"];
            /** @description The node that holds it: the one that recorded it, or one that fetched a copy of it after a loss. */
            node: components["schemas"]["NodeId"];
            /** @description Owner or twin. */
            slot: components["schemas"]["Slot"];
        };
        /** @description What a camera sends. */
        StreamAnswer: {
            audio?: components["schemas"]["AudioFacts"] | null;
            video?: components["schemas"]["VideoFacts"] | null;
        };
        /** @description Which failures the rest of the cell could not make up for (the N+1 rule). */
        SurvivalAnswer: {
            /** @description Any one node may fail: all placements still fit on the others. */
            any_node: boolean;
            /** @description Any one zone may fail; also true where all nodes share one zone. */
            any_zone: boolean;
            /** @description Nodes whose failure would leave placements without room, the worst first. */
            nodes: components["schemas"]["NodeLoss"][];
            /**
             * @description Any one node may fail, and the cell still has a leader. Without one, nothing moves: the cameras of a node that fails stay
             *     with it. Never so with fewer than three nodes.
             */
            quorum: boolean;
            /** @description Zones likewise; none where all nodes share one zone. */
            zones: components["schemas"]["ZoneLoss"][];
        };
        /** @description A tenant: part of every key, path, event and cache key. */
        TenantId: string;
        /** @description A ticket for one WebSocket. */
        TicketAnswer: {
            /**
             * Format: int64
             * @description Seconds until it expires.
             */
            expires_in: number;
            /** @description Goes into the subprotocol `ticket.<ticket>`; good for one connection. */
            ticket: string;
        };
        /** @description A range of a camera, drawn as finely as was asked for. */
        TimelineAnswer: {
            /** @description Its first moment. */
            from: components["schemas"]["WallTime"];
            /**
             * @description Sorted, none overlapping. Where there would be more of them than `points`, those within a step are merged: one with
             *     anything missing is `missing`, so that no gap is hidden.
             */
            items: components["schemas"]["TimelineItem"][];
            /**
             * @description The markers in the range, sorted by start. Where there are more of them than `points`, those that begin within a step are
             *     one entry with their `count`.
             */
            markers: components["schemas"]["TimelineMarker"][];
            /** @description The first moment after it. */
            to: components["schemas"]["WallTime"];
        };
        /** @description A stretch of a timeline. */
        TimelineItem: {
            cause?: components["schemas"]["GapCause"] | null;
            /** @description The first moment after it. */
            end: components["schemas"]["WallTime"];
            /** @description What it is. */
            kind: components["schemas"]["TimelineKind"];
            /**
             * Format: double
             * @description Seconds of it that are missing.
             */
            missing_s?: number | null;
            /** @description Its first moment. */
            start: components["schemas"]["WallTime"];
        };
        /**
         * @description What a stretch of a timeline is.
         * @enum {string}
         */
        TimelineKind: "recorded" | "deleted" | "missing";
        /** @description A marker on a timeline, or several that lie in one step. */
        TimelineMarker: {
            camera?: components["schemas"]["CameraId"] | null;
            /** @description Its category, where it is one. */
            category?: string | null;
            /**
             * Format: int64
             * @description How many they are.
             */
            count: number;
            end: components["schemas"]["WallTime"] | null;
            id?: components["schemas"]["MarkerId"] | null;
            /** @description Where the first of them begins. */
            start: components["schemas"]["WallTime"];
            /** @description Its title, where it is one. */
            title?: string | null;
        };
        /** @description The tokens of a session. The one answer that carries secrets, for it is where they are handed over. */
        TokenAnswer: {
            /** @description Goes into `Authorization: Bearer …`. */
            access_token: string;
            /**
             * Format: int64
             * @description Seconds until the access token expires.
             */
            expires_in: number;
            /** @description Good for one refresh; using it a second time ends the session. */
            refresh_token: string;
        };
        /** @description A user. */
        UserAnswer: {
            /** @description When the user was made. */
            created_at: components["schemas"]["WallTime"];
            /** @description The id. */
            id: components["schemas"]["UserId"];
            /** @description What the user may do. */
            role: components["schemas"]["Role"];
            /** @description The name. */
            username: string;
        };
        /**
         * Format: uuid
         * @description A person or program that signs in.
         */
        UserId: string;
        /** @description A user to make. */
        UserInput: {
            /** @description The first password: write-only. */
            password: components["schemas"]["Secret"];
            /** @description What the user may do. */
            role: components["schemas"]["Role"];
            /** @description What the user signs in with; unique in the tenant. */
            username: string;
        };
        /** @description A page of users, sorted by name. */
        UserPage: {
            /** @description The users. */
            items: components["schemas"]["UserAnswer"][];
            /** @description Where the next page begins; `null` on the last one. */
            next_cursor: string | null;
            /**
             * Format: int64
             * @description How many there are.
             */
            total: number;
        };
        /** @description What to change of a user; fields left out stay. */
        UserPatch: {
            password?: components["schemas"]["Secret"] | null;
            role?: components["schemas"]["Role"] | null;
            /** @description A new name. */
            username?: string | null;
        };
        /** @description A judgement of a stream. */
        VerdictAnswer: {
            /** @description The worst of its reasons. */
            level: components["schemas"]["VerdictLevel"];
            /** @description None for a good stream. */
            reasons: components["schemas"]["VerdictReason"][];
        };
        /**
         * @description How well a stream serves.
         * @enum {string}
         */
        VerdictLevel: "good" | "fair" | "poor";
        /** @description One thing that is not good, and what it means. */
        VerdictReason: {
            /**
             * @description `no_pictures`, `long_gop`, `packet_loss`, `low_fps`, `high_jitter`, `bitrate_collapsed` or `no_sound`.
             * @example long_gop
             */
            code: string;
            /**
             * @description A sentence with the numbers.
             * @example GOP of 8 s: a failover will cost about 9 s
             */
            text: string;
        };
        /** @description A camera's pictures. */
        VideoFacts: {
            /**
             * @description `h264` or `h265`.
             * @example h264
             */
            codec: string;
            /**
             * Format: int32
             * @description Height in pixels.
             */
            height: number;
            /**
             * Format: int32
             * @description Width in pixels.
             */
            width: number;
        };
        /**
         * Format: date-time
         * @description A moment in UTC, in microseconds since 1970-01-01T00:00:00Z, written as RFC 3339 outside the process.
         */
        WallTime: string;
        /**
         * @description What is done before a disk gets full.
         * @enum {string}
         */
        WhenFullAnswer: "delete_oldest" | "stop";
        /** @description What the failure of a zone would cost. */
        ZoneLoss: {
            /**
             * Format: int64
             * @description Placements that would find no room.
             */
            without_room: number;
            /** @description Which zone. */
            zone: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_audit: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description The first moment; by default the beginning. */
                from?: components["schemas"]["WallTime"];
                /** @description Entries on a page: 1 to 1,000, by default 100. */
                limit?: number;
                /** @description The first moment after it; by default now. */
                to?: components["schemas"]["WallTime"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the log. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginInput"];
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshInput"];
            };
        };
        responses: {
            /** @description Signed out, or was not signed in. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshInput"];
            };
        };
        responses: {
            /** @description The next tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_cameras: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description A label they carry. */
                label?: string;
                /** @description Entries on a page: 1 to 1,000, by default 100. */
                limit?: number;
                /** @description Words that name, address or labels contain. */
                search?: string;
                /** @description The site they stand at. */
                site?: components["schemas"]["SiteId"];
                /** @description The state they are in. */
                state?: components["schemas"]["CameraState"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of cameras. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CameraPage"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_camera: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CameraSpec"];
            };
        };
        responses: {
            /** @description Added; it is being connected to. */
            201: {
                headers: {
                    /** @description Its revision. */
                    etag?: string;
                    /** @description Its path. */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CameraAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_camera: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The camera. */
            200: {
                headers: {
                    /** @description Its revision. */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CameraAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_camera: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` the decision is based on. */
                "if-match"?: string | null;
            };
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_camera: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` the change is based on. */
                "if-match"?: string | null;
            };
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CameraPatch"];
            };
        };
        responses: {
            /** @description The camera as it is now. */
            200: {
                headers: {
                    /** @description Its revision. */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CameraAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_capability: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CapabilityInput"];
            };
        };
        responses: {
            /** @description The capability. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapabilityAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export: {
        parameters: {
            query: {
                /** @description The first moment. */
                from: components["schemas"]["WallTime"];
                /** @description The first moment after it. */
                to: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": number[];
                };
            };
            /** @description The part asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": number[];
                };
            };
            /** @description As many exports run as may; `Retry-After` says when to come back. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_facts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The facts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FactsAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_facts_history: {
        parameters: {
            query?: {
                /** @description Its first moment; an hour before `to` unless given. */
                from?: components["schemas"]["WallTime"];
                /** @description Most points in the answer: 1 to 5,000, 1,000 unless given. */
                points?: number;
                /** @description The first moment after it; now unless given. */
                to?: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The history. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FactsHistoryAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_gaps: {
        parameters: {
            query?: {
                /** @description The first moment; by default 24 hours before `to`. */
                from?: components["schemas"]["WallTime"];
                /** @description The first moment after it; by default now. */
                to?: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is missing in the range. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GapsAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_ledger: {
        parameters: {
            query?: {
                /** @description A moment of the first day; by default 29 days before `to`. */
                from?: components["schemas"]["WallTime"];
                /** @description The moment after the last one asked for; by default now. */
                to?: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account, by day. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As the playlist names it. */
                file: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
                /** @description Slot and epoch, joined by a hyphen. */
                placement: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Fragmented MP4. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": number[];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live_index: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 8216bis. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live_playlist: {
        parameters: {
            query?: {
                /** @description Answer once the playlist holds this media sequence number … */
                _HLS_msn?: number;
                /** @description … and this part of it. */
                _HLS_part?: number;
                /** @description `YES` or `v2`: leave out old segments (delta update). */
                _HLS_skip?: string;
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 8216bis. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_camera_markers: {
        parameters: {
            query?: {
                /** @description Of this category alone. */
                category?: string;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description The first moment; by default the beginning. Markers that reach into the range count. */
                from?: components["schemas"]["WallTime"];
                /** @description Entries on a page: 1 to 1,000, by default 100. */
                limit?: number;
                /** @description Part of title or note, in any case; no character is special. At most 120 characters. */
                search?: string;
                /** @description The first moment after it; by default the end of time. */
                to?: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of markers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarkerPage"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_marker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MarkerInput"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    /** @description Its path. */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Marker"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_marker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of which camera. */
                id: components["schemas"]["CameraId"];
                /** @description Which marker. */
                marker: components["schemas"]["MarkerId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_marker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of which camera. */
                id: components["schemas"]["CameraId"];
                /** @description Which marker. */
                marker: components["schemas"]["MarkerId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MarkerPatch"];
            };
        };
        responses: {
            /** @description The marker as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Marker"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playback_playlist: {
        parameters: {
            query: {
                /** @description Where playing begins. The first segment begins with the keyframe before; `EXT-X-START` tells players. */
                from: components["schemas"]["WallTime"];
                /** @description Where it ends. */
                to: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
                /** @description `media.m3u8` or `iframes.m3u8`. */
                playlist: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 8216. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playback_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `init.mp4`, `{first}-{last}.m4s` or `{number}.key.m4s`. */
                file: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
                /** @description The recorded file, as the playlist names it. */
                segment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Fragmented MP4. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": number[];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playback_index: {
        parameters: {
            query: {
                /** @description Where playing begins. The first segment begins with the keyframe before; `EXT-X-START` tells players. */
                from: components["schemas"]["WallTime"];
                /** @description Where it ends. */
                to: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 8216. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_publish_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The camera with its new address. */
            200: {
                headers: {
                    /** @description Its revision. */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CameraAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_recordings: {
        parameters: {
            query?: {
                /** @description The first moment; by default 24 hours before `to`. */
                from?: components["schemas"]["WallTime"];
                /** @description The first moment after it; by default now. */
                to?: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is recorded in the range. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecordingsAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sprite: {
        parameters: {
            query: {
                /** @description Pictures in a row, 1 to 16; 10 unless asked otherwise. */
                columns?: number;
                /** @description The moment of the first picture. */
                from: components["schemas"]["WallTime"];
                /** @description Rows, 1 to 16; 10 unless asked otherwise. */
                rows?: number;
                /** @description The end of the last picture's step; at most 366 days after `from`. */
                to: components["schemas"]["WallTime"];
                /** @description The width of each picture in pixels, even, 16 to 1920; 160 unless asked otherwise. */
                width?: number;
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pictures. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": number[];
                };
            };
            /** @description They are those whose ETag was sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Too many pictures are being made; `Retry-After` says when to come back. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description The machine lacks ffmpeg. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_camera_status: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its status. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CameraStatus"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    thumbnail: {
        parameters: {
            query?: {
                /** @description The moment: the picture is the keyframe at or before it, at most ten minutes. Without it: the latest picture. */
                at?: components["schemas"]["WallTime"];
                /** @description Its width in pixels, even, 16 to 1920; 320 unless asked otherwise. The height follows. */
                width?: number;
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": number[];
                };
            };
            /** @description It is the one whose ETag was sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Too many pictures are being made; `Retry-After` says when to come back. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description The machine lacks ffmpeg. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_timeline: {
        parameters: {
            query?: {
                /** @description The first moment; by default 24 hours before `to`. */
                from?: components["schemas"]["WallTime"];
                /** @description Most stretches in the answer, such as the pixels it is drawn on: 1 to 5,000, by default 1,000. */
                points?: number;
                /** @description The first moment after it; by default now. */
                to?: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The range, drawn. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TimelineAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_cameras: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkInput"];
            };
        };
        responses: {
            /** @description How it went, camera by camera. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_cluster: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cell. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_node: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which node. */
                id: components["schemas"]["NodeId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drain_node: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which node. */
                id: components["schemas"]["NodeId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DrainInput"] | null;
            };
        };
        responses: {
            /** @description The node, which takes placements again, or has none left. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterNode"];
                };
            };
            /** @description The node, whose placements have begun to leave. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterNode"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_placements: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Entries on a page: 1 to 1,000, by default 100. */
                limit?: number;
                /** @description `true`: those alone that are on their way to another node; `false`: those alone that are not. */
                moving?: boolean;
                /** @description Those that this node has, or gets. */
                node?: components["schemas"]["NodeId"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of placements. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlacementPage"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_drills: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The catalogue. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_agents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every node, with its agent. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentsAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hear_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node that the agent stands beside. */
                id: components["schemas"]["NodeId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AgentBeat"];
            };
        };
        responses: {
            /** @description What it has to know. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plan_drill: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DrillWanted"];
            };
        };
        responses: {
            /** @description The plan, or why there is none. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrillPlanAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_runs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The runs that are kept. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrillRunsAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DrillWanted"];
            };
        };
        responses: {
            /** @description Begun. */
            201: {
                headers: {
                    /** @description Its path. */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrillRun"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which run. */
                id: components["schemas"]["DrillRunId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrillRun"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    abort_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which run. */
                id: components["schemas"]["DrillRunId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrillRun"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    beat_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which run. */
                id: components["schemas"]["DrillRunId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunnerBeat"];
            };
        };
        responses: {
            /** @description What became of its orders. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunnerAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    carry_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which run. */
                id: components["schemas"]["DrillRunId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CarryInput"];
            };
        };
        responses: {
            /** @description It is the caller's. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CarriedAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which run. */
                id: components["schemas"]["DrillRunId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunnerEnd"];
            };
        };
        responses: {
            /** @description The run as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrillRun"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_report: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description In which form. */
                form: "html" | "json" | "junit";
                /** @description Of which run. */
                id: components["schemas"]["DrillRunId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_labels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Each with how many cameras carry it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelsAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_layouts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LayoutsAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_layout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LayoutGrid"];
            };
        };
        responses: {
            /** @description Kept. */
            201: {
                headers: {
                    /** @description Its path. */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Layout"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_layout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which layout. */
                id: components["schemas"]["LayoutId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LayoutGrid"];
            };
        };
        responses: {
            /** @description The layout as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Layout"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_layout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which layout. */
                id: components["schemas"]["LayoutId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_markers: {
        parameters: {
            query?: {
                /** @description Of this category alone. */
                category?: string;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description The first moment; by default the beginning. Markers that reach into the range count. */
                from?: components["schemas"]["WallTime"];
                /** @description Entries on a page: 1 to 1,000, by default 100. */
                limit?: number;
                /** @description Part of title or note, in any case; no character is special. At most 120 characters. */
                search?: string;
                /** @description The first moment after it; by default the end of time. */
                to?: components["schemas"]["WallTime"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of markers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarkerPage"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Changed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_node: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its health. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_node_history: {
        parameters: {
            query?: {
                /** @description Its first moment; an hour before `to` unless given. */
                from?: components["schemas"]["WallTime"];
                /** @description Most points in the answer: 1 to 5,000, 1,000 unless given. */
                points?: number;
                /** @description The first moment after it; now unless given. */
                to?: components["schemas"]["WallTime"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The history. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeHistoryAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sites: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Entries on a page: 1 to 1,000, by default 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of sites. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SitePage"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_site: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SiteInput"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    /** @description Its path. */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_site: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which site. */
                id: components["schemas"]["SiteId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The site. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_site: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which site. */
                id: components["schemas"]["SiteId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_site: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which site. */
                id: components["schemas"]["SiteId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SitePatch"];
            };
        };
        responses: {
            /** @description The site as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Entries on a page: 1 to 1,000, by default 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of users. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_user: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserInput"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    /** @description Its path. */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which user. */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which user. */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Which user. */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserPatch"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    open_feed: {
        parameters: {
            query?: never;
            header: {
                /** @description `eyrie.v1, ticket.<ticket>` */
                "sec-websocket-protocol": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Messages follow. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_ticket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ticket. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketAnswer"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It runs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_export: {
        parameters: {
            query: {
                /** @description The first moment. */
                from: components["schemas"]["WallTime"];
                /** @description The first moment after it. */
                to: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description The capability, of the kind `export`. */
                capability: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": number[];
                };
            };
            /** @description The part asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": number[];
                };
            };
            /** @description As many exports run as may; `Retry-After` says when to come back. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The capability. */
                capability: string;
                /** @description As the playlist names it. */
                file: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
                /** @description Slot and epoch, joined by a hyphen. */
                placement: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Fragmented MP4. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": number[];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_index: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The capability. */
                capability: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 8216bis. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_playlist: {
        parameters: {
            query?: {
                /** @description Answer once the playlist holds this media sequence number … */
                _HLS_msn?: number;
                /** @description … and this part of it. */
                _HLS_part?: number;
                /** @description `YES` or `v2`: leave out old segments (delta update). */
                _HLS_skip?: string;
            };
            header?: never;
            path: {
                /** @description The capability. */
                capability: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 8216bis. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_latest: {
        parameters: {
            query?: {
                /** @description Its width in pixels, even, 16 to 1920; 320 unless asked otherwise. The height follows. */
                width?: number;
            };
            header?: never;
            path: {
                /** @description The capability. */
                capability: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": number[];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_playback_playlist: {
        parameters: {
            query: {
                /** @description Where playing begins. The first segment begins with the keyframe before; `EXT-X-START` tells players. */
                from: components["schemas"]["WallTime"];
                /** @description Where it ends. */
                to: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description The capability. */
                capability: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
                /** @description `media.m3u8` or `iframes.m3u8`. */
                playlist: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 8216. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_playback_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The capability. */
                capability: string;
                /** @description `init.mp4`, `{first}-{last}.m4s` or `{number}.key.m4s`. */
                file: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
                /** @description The recorded file, as the playlist names it. */
                segment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Fragmented MP4. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": number[];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_playback_index: {
        parameters: {
            query: {
                /** @description Where playing begins. The first segment begins with the keyframe before; `EXT-X-START` tells players. */
                from: components["schemas"]["WallTime"];
                /** @description Where it ends. */
                to: components["schemas"]["WallTime"];
            };
            header?: never;
            path: {
                /** @description The capability. */
                capability: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 8216. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_sprite: {
        parameters: {
            query: {
                /** @description Pictures in a row, 1 to 16; 10 unless asked otherwise. */
                columns?: number;
                /** @description The moment of the first picture. */
                from: components["schemas"]["WallTime"];
                /** @description Rows, 1 to 16; 10 unless asked otherwise. */
                rows?: number;
                /** @description The end of the last picture's step; at most 366 days after `from`. */
                to: components["schemas"]["WallTime"];
                /** @description The width of each picture in pixels, even, 16 to 1920; 160 unless asked otherwise. */
                width?: number;
            };
            header?: never;
            path: {
                /** @description The capability. */
                capability: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pictures. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": number[];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_thumbnail: {
        parameters: {
            query?: {
                /** @description The moment: the picture is the keyframe at or before it, at most ten minutes. Without it: the latest picture. */
                at?: components["schemas"]["WallTime"];
                /** @description Its width in pixels, even, 16 to 1920; 320 unless asked otherwise. The height follows. */
                width?: number;
            };
            header?: never;
            path: {
                /** @description The capability. */
                capability: string;
                /** @description Which camera. */
                id: components["schemas"]["CameraId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": number[];
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description What went wrong. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
