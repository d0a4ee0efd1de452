#include "client/ctl.h"

#include <qrencode.h>
#include <stdio.h>

#define QUIET_ZONE 2 /* modules; terminals are read well with two */

static bool
module_is_dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return false;
	return (code->data[y * code->width + x] & 1) != 0;
}

/* Two rows of modules a line: light ones are drawn, since terminals are mostly
 * dark, on a black background that is set for those that are not. */
void
ctl_print_qr(const char *text)
{
	static const char *const blocks[] = {"\u2588", "\u2580", "\u2584", " "};
	QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

	if (code == NULL)
		return;
	for (int y = -QUIET_ZONE; y < code->width + QUIET_ZONE; y += 2) {
		fputs("\033[97;40m", stdout);
		for (int x = -QUIET_ZONE; x < code->width + QUIET_ZONE; x++) {
			int dark_top = module_is_dark(code, x, y) ? 1 : 0;
			int dark_low = module_is_dark(code, x, y + 1) ? 1 : 0;

			fputs(blocks[dark_top * 2 + dark_low], stdout);
		}
		fputs("\033[0m\n", stdout);
	}
	QRcode_free(code);
}
