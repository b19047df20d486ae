package ngap

// conditions checks the condition ifPDUsessionResourceSetup, TS 38.413 §9.2.2.1: with PDU sessions to set up there
// is a UE Aggregate Maximum Bit Rate.
func (x *InitialContextSetupRequest) conditions(d *decoder) {
	if x.PDUSessionResourceSetupListCxtReq != nil && x.UEAggregateMaximumBitRate == nil {
		d.missing(0, []mandatoryIE{{id: 110, criticality: Reject}})
	}
}

// conditions checks the condition iftoEPSUTRA, TS 38.413 §9.2.3.2: a handover to EPS or UTRAN has NAS security parameters.
func (x *HandoverCommand) conditions(d *decoder) {
	out := x.HandoverType == HandoverTypeFiveGSToEPS || x.HandoverType == HandoverTypeFiveGSToUTRAN
	if out && x.NASSecurityParametersFromNGRAN == nil {
		d.missing(0, []mandatoryIE{{id: 39, criticality: Reject}})
	}
}
