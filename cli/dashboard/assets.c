/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/assets.h"

#include <string.h>

#include "cli/embed.h"
#include "dashboard_assets.h" /* the paths of the files and their hashes, from the build */

EMBED(asset_index, ASSET_PATH_INDEX);
EMBED(asset_index_gz, ASSET_PATH_INDEX ".gz");
EMBED(asset_script, ASSET_PATH_SCRIPT);
EMBED(asset_script_gz, ASSET_PATH_SCRIPT ".gz");
EMBED(asset_style, ASSET_PATH_STYLE);
EMBED(asset_style_gz, ASSET_PATH_STYLE ".gz");

static const struct asset {
    const char *path, *type, *etag;
    const unsigned char *plain, *plain_end, *gzip, *gzip_end;
} assets[] = {
    {"/", "text/html; charset=utf-8", "\"" ASSET_HASH_INDEX "\"", asset_index, asset_index_end,
     asset_index_gz, asset_index_gz_end},
    {"/app.js", "text/javascript; charset=utf-8", "\"" ASSET_HASH_SCRIPT "\"", asset_script,
     asset_script_end, asset_script_gz, asset_script_gz_end},
    {"/app.css", "text/css; charset=utf-8", "\"" ASSET_HASH_STYLE "\"", asset_style,
     asset_style_end, asset_style_gz, asset_style_gz_end},
};

static void fill(const struct asset *asset, const struct visit *visit, struct reply *reply) {
    const unsigned char *from = visit->gzip ? asset->gzip : asset->plain;
    const unsigned char *to = visit->gzip ? asset->gzip_end : asset->plain_end;
    reply->status = 200;
    reply->type = asset->type;
    reply->etag = asset->etag;
    if (visit->none_match != NULL && strcmp(visit->none_match, asset->etag) == 0) {
        reply->status = 304;
        return;
    }
    reply->fixed = from;
    reply->fixed_len = (size_t)(to - from);
    reply->is_gzip = visit->gzip;
}

bool assets_answer(const struct visit *visit, struct reply *reply) {
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++) {
        if (strcmp(assets[i].path, visit->path) == 0) {
            fill(&assets[i], visit, reply);
            return true;
        }
    }
    return false;
}
