package gnb

import "github.com/limpid-5g/limpid/wire/ngap"

// operate does what an operator of the core wants of a UE.
func (c *ueContext) operate(m ngap.Message, refusal *ngap.Cause) {
	switch m := m.(type) {
	case *ngap.LocationReportingControl: // TS 38.413 §8.12
		switch {
		case refusal != nil:
			c.answer(&ngap.LocationReportingFailureIndication{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id, Cause: *refusal})
		case m.LocationReportingRequestType.EventType == ngap.EventTypeDirect:
			c.answer(&ngap.LocationReport{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id, UserLocationInformation: c.g.location(),
				LocationReportingRequestType: m.LocationReportingRequestType})
		}
	case *ngap.TraceStart: // TS 38.413 §8.11.1; nothing is recorded here
		if refusal != nil {
			c.answer(&ngap.TraceFailureIndication{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id,
				NGRANTraceID: m.TraceActivation.NGRANTraceID, Cause: *refusal})
		}
	case *ngap.UETNLABindingReleaseRequest: // TS 38.413 §8.13.1
		c.g.bind(c, nil)
	case *ngap.UERadioCapabilityCheckRequest: // TS 38.413 §8.14.2
		c.answer(&ngap.UERadioCapabilityCheckResponse{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id,
			IMSVoiceSupportIndicator: ngap.IMSVoiceSupportIndicatorSupported})
	}
}
