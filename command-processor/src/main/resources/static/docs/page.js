// nothing is asked of any other server: no validator, no CDN
SwaggerUIBundle({
    url: '../openapi.json',
    dom_id: '#page',
    deepLinking: true,
    docExpansion: 'list',
    tryItOutEnabled: true,
    validatorUrl: null
});
