// The light build of hls.js (no subtitles, alternative audio or DRM, none of which a camera has) ships without types.
declare module "hls.js/light" {
  export { default } from "hls.js";
  export * from "hls.js";
}
