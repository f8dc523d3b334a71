// Line drawings, built as elements; they take the colour of the text around them.

import { h, svg } from "../shared/dom";
import { T } from "./messages";

const PATHS = {
  microphone: ["M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3Z", "M5.5 11.5a6.5 6.5 0 0 0 13 0", "M12 18v3"],
  microphoneOff: ["M9 9v3a3 3 0 0 0 4.6 2.5", "M15 11V6a3 3 0 0 0-5.7-1.3", "M5.5 11.5a6.5 6.5 0 0 0 10 5.5", "M18.5 11.5a6 6 0 0 1-.4 2.2", "M12 18v3", "M4 4l16 16"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  wave: ["M4 10v4", "M8 7v10", "M12 4v16", "M16 7v10", "M20 10v4"],
  assistant: ["M12 4v3", "M6 7h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2Z", "M9 12.5v1.5", "M15 12.5v1.5"],
  record: ["M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z", "M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z"],
  send: ["M5 12h13", "M12.5 6.5L18 12l-5.5 5.5"],
  hangUp: ["M3.5 14.5c-.5-3 3.5-5.5 8.5-5.5s9 2.500 8.500 5.500c-.1.900-.9 1.400-1.800 1.200l-2.700-.600c-.800-.200-1.300-.800-1.300-1.600v-1.200a11 11 0 0 0-5.400 0v1.200c0 .800-.500 1.400-1.300 1.600l-2.700.600c-.900.200-1.700-.300-1.800-1.200Z"],
  alert: ["M12 7v6", "M12 16.500v.500", "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17Z"],
  close: ["M6 6l12 12", "M18 6L6 18"],
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGElement {
  const paths = PATHS[name].map((d) => svg("path", { d }));
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, ...paths);
}

/** Shows where the browser asks, so that its question does not come as a surprise. */
export function permissionPicture(): HTMLElement {
  const { picture, pictureAsk, pictureBlock, pictureAllow } = T.consent;
  return h(
    "div",
    { class: "picture", role: "img", "aria-label": picture },
    h("div", { class: "bar-line" }, h("i", { class: "dot" }), h("i", { class: "dot" }), h("i", { class: "dot" }), h("i", { class: "address" })),
    h(
      "div",
      { class: "bubble" },
      h("span", { class: "ask" }, icon("microphone"), pictureAsk),
      h("span", { class: "answers" }, h("span", { class: "answer" }, pictureBlock), h("span", { class: "answer allow" }, pictureAllow)),
    ),
  );
}
