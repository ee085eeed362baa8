// Starts Swagger UI on the page /docs.
"use strict";

SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.openapi,
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  // Without this Swagger UI sends the address of a public service to a validator on another host.
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
