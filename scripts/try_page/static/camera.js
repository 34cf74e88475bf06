// A photograph from this device's camera, in a dialog.

const dialog = document.getElementById("camera");
const video = dialog.querySelector("video");
const problem = dialog.querySelector(".problem");
const take = document.getElementById("take");

const REASONS = {
  NotFoundError: "This device has no camera.",
  NotAllowedError: "The browser does not let this page use the camera. Allow it beside the address, then try again.",
  NotReadableError: "Another program has the camera. End it, then try again.",
};

// Gives the photograph, or null when the dialog is closed without one.
export async function photograph() {
  problem.hidden = true;
  take.disabled = true;
  dialog.showModal();
  const closed = new Promise(done => dialog.addEventListener("close", done, { once: true }));
  const stream = await camera();
  if (!dialog.open) stop(stream);
  await closed;
  const picture = dialog.returnValue === "taken" ? await still() : null;
  stop(stream);
  return picture;
}

take.addEventListener("click", () => dialog.close("taken"));
document.getElementById("leave").addEventListener("click", () => dialog.close(""));
dialog.addEventListener("cancel", () => { dialog.returnValue = ""; });

async function camera() {
  try {
    if (!navigator.mediaDevices) throw new DOMException("", "NotFoundError");
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1440 } } });
    video.srcObject = stream;
    await video.play();
    take.disabled = false;
    take.focus();
    return stream;
  } catch (error) {
    problem.textContent = REASONS[error.name] ?? `The camera cannot be used: ${error.message || error.name}.`;
    problem.hidden = false;
    return null;
  }
}

async function still() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise(done => canvas.toBlob(done, "image/jpeg", 0.92));
  const time = new Date().toLocaleTimeString();
  return new File([blob], `photograph of ${time}`, { type: "image/jpeg" });
}

function stop(stream) {
  stream?.getTracks().forEach(track => track.stop());
  video.srcObject = null;
}
