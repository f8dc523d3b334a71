// The prospect's page.

import { AgentElement } from "./element";
import { joinHost } from "./embedded";

customElements.define("telnyx-ai-agent", AgentElement);

const widget = document.querySelector<HTMLElement>("telnyx-ai-agent");
const closeButton = document.querySelector<HTMLElement>("[data-close]");
if (widget && closeButton) joinHost(widget, closeButton);
