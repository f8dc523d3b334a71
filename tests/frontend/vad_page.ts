// For tests/browser/test_widget_vad.py: the widget's own ears on a real microphone, telling the page what they hear.

import { Ears } from "../../frontend/widget/ears";
import { Vad, vadOptions, type VadEvent } from "../../frontend/widget/vad";

declare global {
  interface Window {
    heard: VadEvent[];
    levels: number[];
    listen(attribute: string): Promise<void>;
  }
}

window.heard = [];
window.levels = [];

window.listen = async (attribute) => {
  // The file is to arrive as it was written, not as a room's echo or a weak voice would be corrected.
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const ears = new Ears(new Vad(vadOptions(attribute)), {
    vad: (event) => window.heard.push(event),
    levels: () => window.levels.push(ears.level),
  });
  await ears.context.resume();
  ears.useMicrophone(stream);
};
