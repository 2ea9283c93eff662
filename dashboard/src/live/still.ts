/** Longest side of the still that stays when a player stops. */
const STILL_WIDTH_PX = 640;

/** Draws the picture that a video shows, if any, so that it stays when its source goes. */
export function keepStill(video: HTMLVideoElement, canvas: HTMLCanvasElement): void {
  if (video.videoWidth === 0 || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
  canvas.width = Math.min(STILL_WIDTH_PX, video.videoWidth);
  canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  canvas.dataset.kept = "";
}
