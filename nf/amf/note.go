package amf

import (
	"context"
	"log/slog"
)

// note logs what every UE does every day: at level debug, so that it costs nothing unless the operator asks for it.
func (ue *ue) note(message string, args ...any) {
	if ue.amf.log.Enabled(context.Background(), slog.LevelDebug) {
		ue.log().Debug(message, args...)
	}
}
