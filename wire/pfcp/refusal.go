package pfcp

// Refusal is the response that refuses a request of type t with the error's cause, TS 29.244 §7.6; nil for a type
// whose response has no cause.
func Refusal(t MessageType, node NodeID, e *Error) Message {
	c, ie := e.Cause, e.OffendingIE()
	switch t {
	case TypePFDManagementRequest:
		return &PFDManagementResponse{Cause: c, OffendingIE: ie, NodeID: Some(node)}
	case TypeAssociationSetupRequest:
		return &AssociationSetupResponse{NodeID: node, Cause: c}
	case TypeAssociationUpdateRequest:
		return &AssociationUpdateResponse{NodeID: node, Cause: c}
	case TypeAssociationReleaseRequest:
		return &AssociationReleaseResponse{NodeID: node, Cause: c}
	case TypeNodeReportRequest:
		return &NodeReportResponse{NodeID: node, Cause: c, OffendingIE: ie}
	case TypeSessionEstablishmentRequest:
		return &SessionEstablishmentResponse{NodeID: node, Cause: c, OffendingIE: ie, FailedRuleID: e.FailedRule}
	case TypeSessionModificationRequest:
		return &SessionModificationResponse{Cause: c, OffendingIE: ie, FailedRuleID: e.FailedRule}
	case TypeSessionDeletionRequest:
		return &SessionDeletionResponse{Cause: c, OffendingIE: ie}
	case TypeSessionReportRequest:
		return &SessionReportResponse{Cause: c, OffendingIE: ie}
	}
	return nil
}

// CauseOf is the cause in a response, and false for a message that has none.
func CauseOf(m Message) (Cause, bool) {
	switch m := m.(type) {
	case *PFDManagementResponse:
		return m.Cause, true
	case *AssociationSetupResponse:
		return m.Cause, true
	case *AssociationUpdateResponse:
		return m.Cause, true
	case *AssociationReleaseResponse:
		return m.Cause, true
	case *NodeReportResponse:
		return m.Cause, true
	case *SessionEstablishmentResponse:
		return m.Cause, true
	case *SessionModificationResponse:
		return m.Cause, true
	case *SessionDeletionResponse:
		return m.Cause, true
	case *SessionReportResponse:
		return m.Cause, true
	}
	return 0, false
}
